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
                           llvm::cl::desc("Precision of contractions on tensor "
                                          "cores: fp32, tf32 or bf16"),
                           llvm::cl::init("fp32")};
  Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("Chip whose sizes and instructions are used, such as "
                     "sm_90a; empty: those that every chip has")};
};

/// What a step of a plan is for.
struct StepOptions : PassPipelineOptions<StepOptions> {
  Option<bool> gpu{*this, "gpu",
                   llvm::cl::desc("Form the plan of a GPU, not that of a CPU"),
                   llvm::cl::init(false)};
  Option<std::string> chip{*this, "chip",
                           llvm::cl::desc("Chip of the GPU, such as sm_90a; "
                                          "empty: every supported one")};

  PlanOptions get() const {
    return gpu ? getGPUPlanOptions(chip) : PlanOptions();
  }
};

using BuildStepFn = void (*)(OpPassManager &, const PlanOptions &);
} // namespace

template <BuildStepFn build>
static void registerStep(StringRef name, StringRef description) {
  registerPipeline<StepOptions>(
      name, description, [](OpPassManager &pm, const StepOptions &options) {
        build(pm, options.get());
      });
}

// functions on buffers -> programs and kernels that are linalg operations
static void buildFormKernelsPipeline(OpPassManager &pm,
                                     const PlanOptions &options) {
  buildOutlineKernelsPipeline(pm, options);
  if (options.isForGPU)
    pm.addPass(createFuseKernels());
}

// kernels that are linalg operations -> their code
static void buildEmitKernelsPipeline(OpPassManager &pm,
                                     const PlanOptions &options) {
  if (options.isForGPU)
    buildEmitGPUKernelsPipeline(pm);
  else
    buildEmitCPUKernelsPipeline(pm, getVectorWidth(CPUTarget::Host));
}

/// The steps in their order; `pdq-lower-to-cpu` and `pdq-lower-to-gpu` are all
/// of them.
static void registerSteps() {
  registerStep<buildCanonicalizeTensorsPipeline>(
      "pdq-canonicalize-tensors",
      "Step 1 of a plan: inline, spell operations by their maps, turn "
      "scatters into gathers");
  registerStep<buildChooseLayoutsPipeline>(
      "pdq-choose-layouts",
      "Step 2 of a plan: slices without copies, channels last, "
      "constants computed once");
  registerStep<buildFuseTensorsPipeline>(
      "pdq-fuse-tensors",
      "Step 3 of a plan: fuse elementwise operations, split long "
      "reductions");
  registerStep<buildBufferizeTensorsPipeline>(
      "pdq-bufferize-tensors",
      "Step 4 of a plan: tensors become buffers with their padding");
  registerStep<buildFormKernelsPipeline>(
      "pdq-form-kernels",
      "Step 5 of a plan: operations become kernels, a GPU's are fused");
  registerStep<buildEmitKernelsPipeline>(
      "pdq-emit-kernels",
      "Step 6 of a plan: kernels become loops over the host's vectors, or the "
      "code of one thread of a GPU");
}

void mlir::pdq::registerLoweringPipelines() {
  registerSteps();
  PassPipelineRegistration<>(
      "pdq-lower-to-cpu",
      "Lower functions on tensors to launch plans and vector kernels",
      [](OpPassManager &pm) {
        buildPlanPipeline(pm);
        buildEmitCPUKernelsPipeline(pm, getVectorWidth(CPUTarget::Host));
      });
  registerPipeline<TargetOptions>(
      "pdq-lower-to-gpu-plan",
      "Turn functions on tensors into launch plans and linalg kernels of a GPU",
      [](OpPassManager &pm, const TargetOptions &options) {
        buildGPUPlanPipeline(pm, options.math, options.chip);
      });
  registerPipeline<TargetOptions>(
      "pdq-lower-to-gpu",
      "Lower functions on tensors to launch plans and kernels of a GPU",
      [](OpPassManager &pm, const TargetOptions &options) {
        buildGPUPlanPipeline(pm, options.math, options.chip);
        buildEmitGPUKernelsPipeline(pm);
        pm.addPass(createConvertKernelsToGPU());
      });
}
