// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function that the user gets back.

#ifndef PDQ_EXPORT_EXPORTEDNETWORK_H
#define PDQ_EXPORT_EXPORTEDNETWORK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// The function that the batch and the sizes belong to: the one public function
/// with a body. Emits an error where there is none or another one.
FailureOr<func::FuncOp> findExportedNetwork(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_EXPORT_EXPORTEDNETWORK_H
