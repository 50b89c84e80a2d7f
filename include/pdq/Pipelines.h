// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipelines that users call by name, and the registration of everything
// that a tool needs.

#ifndef PDQ_PIPELINES_H
#define PDQ_PIPELINES_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Frontend/Passes.h"

namespace mlir::pdq {

#define GEN_PASS_DECL
#include "pdq/Pipelines/Passes.h.inc"

/// Registers the pdq dialect, the upstream dialects that networks are written
/// in and lowered through, and the external models of all stages. Tools that
/// read any module register MLIR's other dialects beside them.
void registerAllDialects(DialectRegistry &registry);

/// Builds `pdq-annotate`: frontend IR -> annotated IR.
void buildAnnotatePipeline(OpPassManager &pm, const AnnotateOptions &options);

/// Builds `pdq-export`: calibrated IR -> quant dialect.
void buildExportPipeline(OpPassManager &pm, const ExportOptions &options);

/// Registers all pdq passes and pipelines.
void registerAllPasses();

} // namespace mlir::pdq

#endif // PDQ_PIPELINES_H
