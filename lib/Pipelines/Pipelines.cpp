// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story, one short function per stage.

#include "pdq/Pipelines.h"
#include "Lowering.h"
#include "Quantize.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Shape/IR/Shape.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Annotation/Frontend/Lower/TMTensorDialect.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Calibration/CheckAnnotation.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Runtime/Dialects.h"
#include "pdq/Support/Canonicalizer.h"

using namespace mlir;

void mlir::pdq::registerAllDialects(DialectRegistry &registry) {
  registry
      .insert<PDQDialect, TMTensorDialect, ml_program::MLProgramDialect,
              quant::QuantDialect, shape::ShapeDialect, tosa::TosaDialect>();
  registerExecutorDialects(registry);
  registerAllVJPs(registry);
}

// frontend IR -> annotated IR
void mlir::pdq::buildAnnotatePipeline(OpPassManager &pm,
                                      const AnnotateOptions &options) {
  auto original = std::make_shared<OwningOpRef<ModuleOp>>();
  if (options.check > 0)
    pm.addPass(createKeepNetwork(original, ""));
  pm.addPass(createNormalizeFrontend({options.entry, options.sampleShape}));
  auto kept = std::make_shared<OwningOpRef<ModuleOp>>();
  if (options.check > 0)
    pm.addPass(createKeepNetwork(kept, options.checkData));
  // Before anything moves or fuses elementwise operations.
  pm.addPass(createCaptureBatchNorm());
  // Behind it, since statistics are constants, too.
  pm.addPass(createEvaluateConstants());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFormRegions({options.granularity}));
  // Constants of other layers, left behind by the regions.
  pm.addPass(createSoundCanonicalizerPass());
  // While the norms still name their axes.
  pm.addPass(createMarkChannels());
  // Weights are quantized as they are used: with the batch norm folded.
  pm.addPass(createFoldBatchNorm());
  pm.addPass(createInsertQuantizers({options.weightBits, options.activationBits,
                                     options.firstLast, options.strict}));
  pm.addPass(createCSEPass());
  if (options.check > 0) {
    CheckAnnotationOptions check;
    check.samples = options.check;
    check.calibration = options.checkData;
    pm.addPass(createCheckAnnotation(check, kept));
  }
  CheckSizesOptions sizes;
  sizes.entry = options.entry;
  pm.addPass(createCheckSizes(sizes, original));
}

// calibrated IR -> quant dialect
void mlir::pdq::buildExportPipeline(OpPassManager &pm,
                                    const ExportOptions &options) {
  // Freezing comes first: its errors name the regions, which inlining removes.
  pm.addPass(createFreeze({options.allowInitialized}));
  pm.addPass(createInlineRegions({RegionBody::Quantized}));
  // Before the conversion, which knows any size but removes the attributes.
  pm.addPass(createRestoreSizes());
  pm.addPass(createRestoreBatch());
  pm.addPass(createConvertPDQToQuant());
  // Drops the parameters that went into types and merges shared constants; the
  // form is made to keep its meaning under these two.
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void mlir::pdq::registerAllPasses() {
  registerPDQAnnotationPasses();
  registerPDQAutodiffPasses();
  registerPDQPlanPasses();
  registerPDQCodegenPasses();
  registerPDQCalibrationPasses();
  registerPDQExportPasses();
  registerPipeline<AnnotateOptions>(
      "pdq-annotate",
      "Form regions with batch norms captured and quantizers inserted",
      buildAnnotatePipeline);
  registerPipeline<ExportOptions>(
      "pdq-export", "Turn a calibrated network into the quant dialect",
      buildExportPipeline);
  registerLoweringPipelines();
  registerQuantizePipeline();
}
