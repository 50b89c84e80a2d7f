// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global variables of a module as constants of the network.

#ifndef PDQ_FRONTEND_MODULE_FOLDGLOBALS_H
#define PDQ_FRONTEND_MODULE_FOLDGLOBALS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Replaces what `network` loads from `ml_program.global` by the value that the
/// module gives the variable. Stores to variables that are not loaded are state
/// of training (counters, seeds) and are dropped.
///
/// Errors: emits a diagnostic where a variable has no value, or where it is
/// loaded and written: a network has no state.
LogicalResult foldGlobals(ModuleOp module, func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_FOLDGLOBALS_H
