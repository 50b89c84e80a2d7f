// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each stretch of the way; every order that matters is
// explained where it stands.

#include "Pipelines.h"
#include "KernelCompiler.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Execution/CPUPipelines.h"
#include "pdq/Execution/Passes.h"
#include "pdq/IR/Canonicalizer.h"

using namespace mlir;
using namespace mlir::pdq;

// functions on tensors -> launch plans and linalg kernels
void mlir::pdq::buildFormKernelsPipeline(OpPassManager &pm,
                                         const KernelFormOptions &options) {
  pm.addPass(createSoundInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCheckExecutable());
  pm.addNestedPass<func::FuncOp>(createGeneralizeOps());
  // Before layouts: pads and slices of the new form get them too.
  pm.addNestedPass<func::FuncOp>(
      createGatherScatters({/*products=*/options.fewLaunches}));
  // Before layouts: the order of a concatenation is that of its pieces.
  pm.addNestedPass<func::FuncOp>(createJoinSlices());
  if (options.fewLaunches) {
    pm.addNestedPass<func::FuncOp>(createSplitAtSlices());
    // Slices of what was put together from the parts.
    pm.addNestedPass<func::FuncOp>(createJoinSlices());
    // Before fusion, which would put more into the sum.
    pm.addNestedPass<func::FuncOp>(createChainProducts());
  }
  // Before fusion: it merges operations whose operands want different orders.
  pm.addNestedPass<func::FuncOp>(createAssignLayout());
  pm.addNestedPass<func::FuncOp>(createGeneralizeOps());
  if (options.fewLaunches) {
    // After layouts: what loads single elements keeps to theirs.
    pm.addNestedPass<func::FuncOp>(createGatherElements());
    pm.addNestedPass<func::FuncOp>(createGatherScatters());
  }
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  // Before fusion, which would merge constant operations into others.
  pm.addPass(createHoistConstants());
  pm.addNestedPass<func::FuncOp>(
      createFuseElementwise({/*recompute=*/options.fewLaunches}));
  // After fusion: what computes a pooling's image is one operation.
  if (options.fewLaunches)
    pm.addNestedPass<func::FuncOp>(createUnrollWindows());
  // Layouts are final: what a contraction still reads across gets a copy. Tiles
  // in shared memory need none.
  if (!options.fewLaunches)
    pm.addNestedPass<func::FuncOp>(createPackOperands());
  if (options.fewLaunches)
    pm.addNestedPass<func::FuncOp>(createSplitIntoRows());
  pm.addNestedPass<func::FuncOp>(
      createSplitReductions({options.multiprocessors}));
  pm.addPass(createCSEPass());
  // Copies of constants that were packed.
  pm.addPass(createHoistConstants());
  if (options.fewLaunches) {
    pm.addNestedPass<func::FuncOp>(createStoreMasks());
    pm.addNestedPass<func::FuncOp>(createScheduleEarly());
  }
  // After fusion, which does not look through slices.
  pm.addNestedPass<func::FuncOp>(
      createExpandPads({/*readPadded=*/options.fewLaunches}));
  pm.addPass(createStoreResults());
  pm.addPass(createBufferizeInPlace());
  // Bufferization leaves chains of casts and copies of buffers to themselves.
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (options.fewLaunches) {
    pm.addPass(createMergeElementwise());
    pm.addPass(createKeepBorders());
  }
  pm.addPass(createOutlineKernels({options.alignment, options.fewLaunches}));
  pm.addPass(createCSEPass());
}

// functions on tensors -> launch plans and kernels with the module's own loops
void mlir::pdq::buildFormInOrderKernelsPipeline(OpPassManager &pm) {
  pm.addPass(createSoundInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCheckExecutable());
  // Nothing that fuses, splits or reorders loops: only when and where a value
  // is computed is ours to choose.
  pm.addPass(createHoistConstants());
  pm.addNestedPass<func::FuncOp>(createExpandPads());
  pm.addPass(createStoreResults());
  pm.addPass(createBufferizeInPlace());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createOutlineKernels());
  pm.addPass(createCSEPass());
}

/// 32-bit elements of a vector register.
static unsigned getVectorWidth(CPUTarget target) {
  if (target == CPUTarget::Host)
    target = getHostTarget();
  switch (target) {
  case CPUTarget::AVX512:
    return 16;
  case CPUTarget::AVX2:
    return 8;
  default:
    return 4;
  }
}

// linalg kernels -> loops over vectors
void mlir::pdq::buildEmitKernelsPipeline(OpPassManager &pm, CPUTarget target) {
  OpPassManager &kernels = pm.nest<func::FuncOp>();
  kernels.addPass(createVectorizeKernels({getVectorWidth(target)}));
  kernels.addPass(createLowerKernelsToLoops());
  // Payloads are cloned into the loops with all they compute again and again.
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createApproximateMath());
  kernels.addPass(createSoundCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

// linalg kernels -> scalar loops as they say it; functions stay those of the C
// library, as mlir-runner calls them
void mlir::pdq::buildEmitInOrderKernelsPipeline(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<func::FuncOp>();
  kernels.addPass(createLowerKernelsToLoops());
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createSoundCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

// loops over vectors -> LLVM dialect
void mlir::pdq::buildKernelsToLLVMPipeline(OpPassManager &pm,
                                           CPUTarget target) {
  OpPassManager &kernels = pm.nest<func::FuncOp>();
  kernels.addPass(createConvertVectorToSCFPass(
      VectorTransferToSCFOptions().enableFullUnroll()));
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(arith::createArithExpandOpsPass());
  // What LLVM has an intrinsic for comes first: the rest is libm's, which takes
  // vectors apart.
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(functions));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::pdq::registerCPUPipelines() {
  PassPipelineRegistration<>(
      "pdq-lower-to-cpu",
      "Lower functions on tensors to launch plans and vector kernels",
      [](OpPassManager &pm) {
        buildFormKernelsPipeline(pm);
        buildEmitKernelsPipeline(pm, CPUTarget::Host);
      });
}
