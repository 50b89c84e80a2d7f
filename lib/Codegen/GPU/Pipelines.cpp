// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each stretch of the way.

#include "pdq/Codegen/GPU/Pipelines.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Analysis/ChipLimits.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Plan/Pipelines.h"
#include "pdq/Support/Canonicalizer.h"
#include "pdq/Support/Options/PassOptionText.h"

using namespace mlir;
using namespace mlir::pdq;

PlanOptions mlir::pdq::getGPUPlanOptions(StringRef chip) {
  return {/*isForGPU=*/true, deviceAlignment,
          getChipLimits(chip).multiprocessors};
}

// functions on tensors -> programs and linalg kernels
void mlir::pdq::buildGPUPlanPipeline(OpPassManager &pm, StringRef math,
                                     StringRef chip) {
  pm.addPass(createSetTarget({math.str(), chip.str()}));
  buildPlanPipeline(pm, getGPUPlanOptions(chip));
  pm.addPass(createFuseKernels());
}

// linalg kernels -> the code of one thread
void mlir::pdq::buildEmitGPUKernelsPipeline(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<plan::KernelOp>();
  kernels.addPass(createEmitGPUKernels());
  kernels.addPass(createLoopInvariantCodeMotionPass());
  // The CPU's polynomials: elementwise results have the same bits, and no
  // device library is needed.
  kernels.addPass(createApproximateMath());
  kernels.addPass(createSoundCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

// kernels with a launch -> NVVM dialect
void mlir::pdq::buildGPUKernelsToNVVMPipeline(OpPassManager &pm) {
  pm.addPass(createConvertKernelsToGPU());
  OpPassManager &code = pm.nest<gpu::GPUModuleOp>();
  code.addPass(createConvertVectorToSCFPass(
      VectorTransferToSCFOptions().enableFullUnroll()));
  code.addPass(createSCFToControlFlowPass());
  code.addPass(createConvertNVGPUToNVVMPass());
  code.addPass(memref::createExpandStridedMetadataPass());
  code.addPass(createLowerAffinePass());
  code.addPass(arith::createArithExpandOpsPass());
  code.addPass(createLowerDeviceMath());
  ConvertGpuOpsToNVVMOpsOptions options;
  options.useBarePtrCallConv = true;
  options.indexBitwidth = 64;
  code.addPass(createConvertGpuOpsToNVVMOps(options));
  code.addPass(createSoundCanonicalizerPass());
  code.addPass(createCSEPass());
  code.addPass(createReconcileUnrealizedCastsPass());
  // Operations that only PTX has a form of.
  code.addPass(createConvertNVVMToLLVMPass());
}
