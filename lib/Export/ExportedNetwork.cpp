// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function that the user gets back.

#include "pdq/Export/ExportedNetwork.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<func::FuncOp> mlir::pdq::findExportedNetwork(ModuleOp module) {
  func::FuncOp network;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isPrivate() || function.isDeclaration())
      continue;
    if (network)
      return emitError(function.getLoc(), "second public function @")
             << function.getName() << " beside @" << network.getName()
             << "; expected one network";
    network = function;
  }
  if (!network)
    return emitError(module.getLoc(), "module has no public function");
  return network;
}
