// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function of a module that is the network.

#ifndef PDQ_FRONTEND_MODULE_SELECTNETWORK_H
#define PDQ_FRONTEND_MODULE_SELECTNETWORK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// The function that `entry` names; without a name the one public function with
/// a body that no other function calls.
///
/// Errors: emits a diagnostic that lists the functions to choose from.
FailureOr<func::FuncOp> selectNetwork(ModuleOp module, StringRef entry);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_SELECTNETWORK_H
