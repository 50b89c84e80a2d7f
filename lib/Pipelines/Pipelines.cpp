// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story, one short function per stage.

#include "pdq/Pipelines.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Passes.h"

using namespace mlir;

void mlir::pdq::registerAllDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<PDQDialect>();
}

void mlir::pdq::registerAllPasses() { registerPDQPasses(); }
