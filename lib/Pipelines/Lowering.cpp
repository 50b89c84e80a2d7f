// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The named pipelines from functions on tensors to kernels of the CPU or a GPU.

#include "Lowering.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "pdq/Codegen/CPU/Pipelines.h"
#include "pdq/Codegen/GPU/Pipelines.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Pipelines.h"
#include "pdq/Runtime/CPU/KernelCompiler.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// What kernels are made for.
struct TargetOptions : PassPipelineOptions<TargetOptions> {
  Option<std::string> math{*this, "math",
                           llvm::cl::desc("Precision of products on tensor "
                                          "cores: fp32, tf32 or bf16"),
                           llvm::cl::init("fp32")};
  Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("Chip whose sizes and instructions are used, such as "
                     "sm_90a; empty: those that every chip has")};
};
} // namespace

void mlir::pdq::registerLoweringPipelines() {
  PassPipelineRegistration<>(
      "pdq-lower-to-cpu",
      "Lower functions on tensors to launch plans and vector kernels",
      [](OpPassManager &pm) {
        buildFormKernelsPipeline(pm);
        buildEmitKernelsPipeline(pm, getVectorWidth(CPUTarget::Host));
      });
  registerPipeline<TargetOptions>(
      "pdq-form-gpu-kernels",
      "Turn functions on tensors into launch plans and linalg kernels of a GPU",
      [](OpPassManager &pm, const TargetOptions &options) {
        buildFormGPUKernelsPipeline(pm, options.math, options.chip);
      });
  registerPipeline<TargetOptions>(
      "pdq-lower-to-gpu",
      "Lower functions on tensors to launch plans and kernels of a GPU",
      [](OpPassManager &pm, const TargetOptions &options) {
        buildFormGPUKernelsPipeline(pm, options.math, options.chip);
        buildEmitGPUKernelsPipeline(pm);
        pm.addPass(createConvertKernelsToGPU());
      });
}
