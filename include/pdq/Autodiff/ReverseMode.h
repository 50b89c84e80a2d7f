// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse-mode differentiation of functions on tensors.

#ifndef PDQ_AUTODIFF_REVERSEMODE_H
#define PDQ_AUTODIFF_REVERSEMODE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "pdq/Autodiff/DifferentiableOpInterface.h.inc"

namespace mlir::pdq {

/// Attaches the derivative rules of all supported operations.
void registerAllVJPs(DialectRegistry &registry);

/// Builds the function that computes the results of `function` and the
/// gradient of the first of them, a floating point tensor of rank 0, with
/// respect to the arguments `wrt`:
///
///     (arguments) -> (results, gradient of each argument in wrt)
///
/// It is private, named `<function>__vjp_<i>_<j>...` and made once: a second
/// request for the same derivative returns the same function.
///
/// Errors: emits a diagnostic at the operation that has no derivative rule; the
/// module is unchanged then.
FailureOr<func::FuncOp> buildVJPFunction(func::FuncOp function,
                                         ArrayRef<int64_t> wrt,
                                         SymbolTable &symbols);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_REVERSEMODE_H
