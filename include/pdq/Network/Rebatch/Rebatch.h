// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the batch size of a function.

#ifndef PDQ_NETWORK_REBATCH_REBATCH_H
#define PDQ_NETWORK_REBATCH_REBATCH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Where a value carries the batch: dimension `dim` has `factor` times its
/// size. `outer` of the factor stands in front of the batch, as where tokens
/// and batch merge: [tokens, batch] -> [tokens * batch].
struct BatchDim {
  int64_t dim;
  int64_t factor;
  int64_t outer = 1;
  /// The dimension was put in front of a value that had none: a scalar that
  /// each sample has for itself.
  bool isAdded = false;

  bool operator==(const BatchDim &other) const {
    return dim == other.dim && factor == other.factor && outer == other.outer &&
           isAdded == other.isAdded;
  }
};
using BatchDims = DenseMap<Value, BatchDim>;

/// Gives dimension 0 of the arguments `dataArguments` the size `batch`
/// (ShapedType::kDynamic for a dynamic one) and infers all types that follow:
/// the batch is tracked through the operations, also where it is a factor of a
/// dimension and where payloads read tensors by `tensor.extract`. `pdq.region`
/// is entered. The function type is updated. A function of static shapes that
/// has this batch already is left alone.
///
/// Each sample is computed as if it were alone: where the batch was 1, an
/// operation that would mix samples (a sum over everything) gets a loop over
/// them. A new operation that stands for an old one has its discardable
/// attributes. `dims` takes the places of the batch in the top-level values.
///
/// Errors: emits a diagnostic at the operation through which the batch cannot
/// be followed; the function is then invalid and must be dropped.
LogicalResult rebatch(func::FuncOp function, int64_t batch,
                      ArrayRef<unsigned> dataArguments,
                      BatchDims *dims = nullptr);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_REBATCH_REBATCH_H
