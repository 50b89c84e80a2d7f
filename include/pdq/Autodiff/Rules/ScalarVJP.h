// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of scalar operations inside the payload of structured ones.

#ifndef PDQ_AUTODIFF_RULES_SCALARVJP_H
#define PDQ_AUTODIFF_RULES_SCALARVJP_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::pdq {

/// A scalar that is the larger or the smaller one of two: a maximum, a minimum,
/// or `select(lhs > rhs, lhs, rhs)`.
struct ScalarExtremum {
  bool isMax = false;
  Value lhs, rhs;
  /// What a `select` takes of two equal values; null for other operations.
  Value tie;
  bool isClamp = false;
};

/// Failure where `op` is none. `select(lhs > rhs, rhs, lhs)` is one, too:
/// front ends write bounds of clamps so (`isClamp`).
FailureOr<ScalarExtremum> matchExtremum(Operation *op);

/// Receives the contribution of one result's cotangent to an operand's.
using ScalarAccumulator = function_ref<void(Value operand, Value cotangent)>;

/// Emits the vector-Jacobian product of a scalar operation with one result,
/// whose cotangent is `cotangent`. Ties follow PyTorch: 0 at the bound of a
/// maximum or minimum with a constant, half to each of two equal variables, 0
/// for the absolute value of 0. So is the derivative of a root at 0, where it
/// has a pole: a norm of zeros and the deviation of a constant get 0, as in
/// PyTorch, and no NaN.
/// Failure where there is no rule for the operation.
LogicalResult buildScalarVJP(ImplicitLocOpBuilder &b, Operation *op,
                             Value cotangent, ScalarAccumulator accumulate);

/// The rules of the arith and the math dialect; failure as above.
LogicalResult buildArithVJP(ImplicitLocOpBuilder &b, Operation *op,
                            Value cotangent, ScalarAccumulator accumulate);
LogicalResult buildMathVJP(ImplicitLocOpBuilder &b, Operation *op,
                           Value cotangent, ScalarAccumulator accumulate);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_RULES_SCALARVJP_H
