// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipelines that users call by name, and the registration of everything
// that a tool needs.

#ifndef PDQ_PIPELINES_H
#define PDQ_PIPELINES_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::pdq {

/// Registers the pdq dialect, the upstream dialects that networks are written
/// in, and the external models of all stages.
void registerAllDialects(DialectRegistry &registry);

/// Options of `pdq-export`.
struct ExportOptions : PassPipelineOptions<ExportOptions> {
  Option<bool> allowInitialized{
      *this, "allow-initialized",
      llvm::cl::desc("Accept regions that were initialized but never "
                     "calibrated"),
      llvm::cl::init(false)};
};

/// Stage 5: calibrated IR -> quant dialect.
void buildExportPipeline(OpPassManager &pm, const ExportOptions &options);

/// Registers all pdq passes and pipelines.
void registerAllPasses();

} // namespace mlir::pdq

#endif // PDQ_PIPELINES_H
