// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibrated IR -> quant dialect.

#include "PipelinePass.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Export/Passes.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Canonicalizer.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EXPORT
#include "pdq/Pipelines/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

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
  pm.addPass(createInlineResources());
  if (options.packConstants)
    pm.addPass(createPackConstants());
}

namespace {
struct Export : PipelinePass<Export, pdq::impl::ExportBase<Export>> {
  using PipelinePass::PipelinePass;

  void build(OpPassManager &pm) const {
    buildExportPipeline(pm, {allowInitialized, packConstants});
  }
};
} // namespace
