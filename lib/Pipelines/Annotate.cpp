// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontend IR -> annotated IR.

#include "PipelinePass.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Calibration/Checks/CheckAnnotation.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Canonicalizer.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_ANNOTATE
#include "pdq/Pipelines/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

void mlir::pdq::buildAnnotatePipeline(OpPassManager &pm,
                                      const AnnotateOptions &options) {
  // As it came: where sizes were dynamic, it is run at others.
  auto original = std::make_shared<OwningOpRef<ModuleOp>>();
  if (options.check > 0)
    pm.addPass(createKeepNetwork(original, ""));
  pm.addPass(createNormalizeFrontend({options.entry, options.sampleShape}));
  // With the sizes of the data: what annotation must not change.
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
                                     options.firstLast, options.inputBits,
                                     options.placement, options.strict}));
  pm.addPass(createCSEPass());
  if (options.check > 0) {
    CheckAnnotationOptions check;
    check.samples = options.check;
    check.calibration = options.checkData;
    pm.addPass(createCheckAnnotation(check, kept));
  }
  // Last, as it resizes the bodies that are final; without a check it only says
  // that sizes stay those of the data.
  CheckSizesOptions sizes;
  sizes.entry = options.entry;
  pm.addPass(createCheckSizes(sizes, original));
}

namespace {
struct Annotate : PipelinePass<Annotate, pdq::impl::AnnotateBase<Annotate>> {
  using PipelinePass::PipelinePass;

  void build(OpPassManager &pm) const {
    buildAnnotatePipeline(pm, {weightBits, activationBits, firstLast, inputBits,
                               placement, strict, granularity, entry,
                               sampleShape, check, checkData});
  }
};
} // namespace
