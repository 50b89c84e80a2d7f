// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operations on constants compute, element by element in the order of
// their loops, with the rounding of each type.

#ifndef PDQ_NETWORK_CONSTANTS_CONSTANTEVALUATOR_H
#define PDQ_NETWORK_CONSTANTS_CONSTANTEVALUATOR_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Network/Constants/ConstantTensor.h"

namespace mlir::pdq {

/// Evaluates values that depend on constants only. It knows structured
/// operations with any payload and map, and what moves elements (slices, pads,
/// concatenations, reshapes); scalar operations it does not know are asked to
/// fold. A value that was evaluated once is known as long as the evaluator
/// lives.
class ConstantEvaluator {
public:
  /// The elements of a tensor; nothing where it depends on data, on contents of
  /// `tensor.empty`, or on an operation that is not known.
  std::optional<ConstantTensor> evaluate(Value tensor);

  /// A scalar outside of structured operations.
  std::optional<Scalar> evaluateScalar(Value scalar);

  /// Whether a scalar in the payload of `op` is nonzero in every iteration;
  /// nothing where it is not known.
  std::optional<bool> isAlwaysTrue(Value scalar, linalg::LinalgOp op);

private:
  std::optional<ConstantTensor> compute(Value tensor);
  std::optional<ConstantTensor> computeStructured(linalg::LinalgOp op,
                                                  unsigned result);
  std::optional<ConstantTensor> computeSlice(Operation *op);
  std::optional<ConstantTensor> computeInsertion(Operation *op);
  std::optional<ConstantTensor> computePad(Operation *op);
  std::optional<ConstantTensor> computeConcat(Operation *op);
  std::optional<ConstantTensor> computeFromScalars(Operation *op);

  DenseMap<Value, std::optional<ConstantTensor>> known;
  unsigned depth = 0;
};

} // namespace mlir::pdq

#endif // PDQ_NETWORK_CONSTANTS_CONSTANTEVALUATOR_H
