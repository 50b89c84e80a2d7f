// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of all that a tool needs.

#include "pdq/Pipelines.h"
#include "Lowering.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Shape/IR/Shape.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Export/Onnx/OnnxGraph.h"
#include "pdq/Export/Passes.h"
#include "pdq/Frontend/Lower/TMTensorDialect.h"
#include "pdq/Frontend/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Runtime/Dialects.h"

namespace mlir::pdq {
#define GEN_PASS_REGISTRATION
#include "pdq/Pipelines/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;

void mlir::pdq::registerAllDialects(DialectRegistry &registry) {
  registry.insert<PDQDialect, TMTensorDialect, ml_program::MLProgramDialect,
                  onnx_graph::OnnxGraphDialect, quant::QuantDialect,
                  shape::ShapeDialect, tosa::TosaDialect>();
  registerExecutorDialects(registry);
  registerAllVJPs(registry);
}

void mlir::pdq::registerAllPasses() {
  registerPDQFrontendPasses();
  registerPDQAnnotationPasses();
  registerPDQAutodiffPasses();
  registerPDQPlanPasses();
  registerPDQCodegenPasses();
  registerPDQCalibrationPasses();
  registerPDQExportPasses();
  registerPDQPipelinesPasses();
  registerLoweringPipelines();
}
