// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of scalar operations inside the payload of structured ones.

#ifndef PDQ_AUTODIFF_SCALARVJP_H
#define PDQ_AUTODIFF_SCALARVJP_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::pdq {

/// Receives the contribution of one result's cotangent to an operand's.
using ScalarAccumulator = function_ref<void(Value operand, Value cotangent)>;

/// Emits the vector-Jacobian product of a scalar operation with one result,
/// whose cotangent is `cotangent`. Ties follow PyTorch: 0 at the bound of a
/// maximum or minimum with a constant, half to each of two equal variables.
/// Failure where there is no rule for the operation.
LogicalResult buildScalarVJP(ImplicitLocOpBuilder &b, Operation *op,
                             Value cotangent, ScalarAccumulator accumulate);

/// The rules of the arith and the math dialect; failure as above.
LogicalResult buildArithVJP(ImplicitLocOpBuilder &b, Operation *op,
                            Value cotangent, ScalarAccumulator accumulate);
LogicalResult buildMathVJP(ImplicitLocOpBuilder &b, Operation *op,
                           Value cotangent, ScalarAccumulator accumulate);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_SCALARVJP_H
