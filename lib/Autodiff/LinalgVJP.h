// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of the universal rule for structured operations.

#ifndef PDQ_AUTODIFF_LINALGVJP_H
#define PDQ_AUTODIFF_LINALGVJP_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// How a structured operation combines its payload with the initial value.
enum class Combiner { None, Sum, Max, Min, Unsupported };

/// A result of a structured operation: combiner(initial value, term).
struct CombinedResult {
  Combiner combiner;
  /// The term inside the payload; it does not read the initial value.
  Value term;
};

CombinedResult classifyResult(linalg::LinalgOp op, unsigned result);

/// Loops of the adjoint with respect to an operand read through `map`: a loop
/// is parallel if it is one whole result of the map and occurs in no other.
SmallVector<utils::IteratorType> getAdjointIterators(AffineMap map);

/// Cotangent of `input` where `op` adds up `term` into result `result`, or
/// stores it; `cotangent` is that of the result. Same loops as `op`, payload
/// transposed. Failure after a diagnostic.
FailureOr<Value> buildTermVJP(OpBuilder &builder, linalg::LinalgOp op,
                              unsigned result, Value term, OpOperand *input,
                              Value cotangent);

/// Cotangent of the input whose largest (smallest) element over the reduction
/// loops is result `result`: the first one in loop order gets it. Failure after
/// a diagnostic.
FailureOr<Value> buildExtremumVJP(OpBuilder &builder, linalg::LinalgOp op,
                                  unsigned result, CombinedResult combined,
                                  Value cotangent);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_LINALGVJP_H
