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
/// in and lowered through, and the external models of all stages. Tools that
/// read any module register MLIR's other dialects beside them.
void registerAllDialects(DialectRegistry &registry);

/// Options of `pdq-annotate`; those of the passes of the same name.
struct AnnotateOptions : public PassPipelineOptions<AnnotateOptions> {
  Option<unsigned> weightBits{*this, "weight-bits",
                              llvm::cl::desc("Bits of weights, 2 to 8"),
                              llvm::cl::init(4)};
  Option<unsigned> activationBits{*this, "activation-bits",
                                  llvm::cl::desc("Bits of activations, 2 to 8"),
                                  llvm::cl::init(4)};
  Option<std::string> firstLast{
      *this, "first-last",
      llvm::cl::desc("8-bit policy of the first and the last layer: qdrop, "
                     "brecq or none"),
      llvm::cl::init("qdrop")};
  Option<std::string> granularity{
      *this, "granularity",
      llvm::cl::desc("Size of a region: block, layer or network"),
      llvm::cl::init("block")};
  Option<bool> strict{
      *this, "strict",
      llvm::cl::desc("Error where a product reads floating point and no policy "
                     "says so"),
      llvm::cl::init(false)};
  Option<std::string> entry{
      *this, "entry",
      llvm::cl::desc(
          "Function that is the network, where a module has several"),
      llvm::cl::init("")};
  Option<std::string> sampleShape{
      *this, "sample-shape",
      llvm::cl::desc("Sizes behind the batch where they are dynamic, such as "
                     "3x32x32; for several inputs separated by commas"),
      llvm::cl::init("")};
  Option<int64_t> check{
      *this, "check",
      llvm::cl::desc("Samples on which the annotated network is run and "
                     "compared with the network as it was; 0 runs nothing, "
                     "pdq-quantize runs 4 where it is not given"),
      llvm::cl::init(0)};
  Option<std::string> checkData{
      *this, "check-data",
      llvm::cl::desc(".npy file whose first samples are taken for it; normal "
                     "numbers where it has none"),
      llvm::cl::init("")};
};

/// Builds `pdq-annotate`: frontend IR -> annotated IR.
void buildAnnotatePipeline(OpPassManager &pm, const AnnotateOptions &options);

/// Options of `pdq-export`.
struct ExportOptions : PassPipelineOptions<ExportOptions> {
  Option<bool> allowInitialized{
      *this, "allow-initialized",
      llvm::cl::desc("Accept regions that were initialized but never "
                     "calibrated"),
      llvm::cl::init(false)};
};

/// Stage 6: calibrated IR -> quant dialect.
void buildExportPipeline(OpPassManager &pm, const ExportOptions &options);

/// Registers all pdq passes and pipelines.
void registerAllPasses();

} // namespace mlir::pdq

#endif // PDQ_PIPELINES_H
