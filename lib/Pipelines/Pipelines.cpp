// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story, one short function per stage.

#include "pdq/Pipelines.h"
#include "Quantize.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Execution/CPUPipelines.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Passes.h"

using namespace mlir;

void mlir::pdq::registerAllDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<PDQDialect>();
  registerAllVJPs(registry);
}

// calibrated IR -> quant dialect
void mlir::pdq::buildExportPipeline(OpPassManager &pm,
                                    const ExportOptions &options) {
  // Freezing comes first: its errors name the regions, which inlining removes.
  pm.addPass(createFreeze({options.allowInitialized}));
  pm.addPass(createInlineRegions({RegionBody::Quantized}));
  pm.addPass(createConvertPDQToQuant());
  // Drops the parameters that went into types and merges shared constants; the
  // form is made to keep its meaning under these two.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void mlir::pdq::registerAllPasses() {
  registerPDQPasses();
  PassPipelineRegistration<ExportOptions>(
      "pdq-export", "Turn a calibrated network into the quant dialect",
      buildExportPipeline);
  registerCPUPipelines();
  registerQuantizePipeline();
}
