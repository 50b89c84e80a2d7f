// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One short function a step; every order that matters is explained where it
// stands.

#include "pdq/Plan/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Support/Canonicalizer.h"

using namespace mlir;
using namespace mlir::pdq;

/// Simplifies what a pass leaves and merges what is equal.
static void addCleanup(OpPassManager &pm) {
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// One function a program, of operations that can be executed.
static void addInlining(OpPassManager &pm) {
  pm.addPass(createSoundInlinerPass());
  pm.addPass(createSymbolDCEPass());
  addCleanup(pm);
  pm.addPass(createCheckExecutable());
}

// functions on tensors -> linalg.generic without scatters
void mlir::pdq::buildCanonicalizeTensorsPipeline(OpPassManager &pm,
                                                 const PlanOptions &options) {
  addInlining(pm);
  pm.addNestedPass<func::FuncOp>(createGeneralize());
  // Before layouts: pads and slices of the new form get them too.
  pm.addNestedPass<func::FuncOp>(createScatterToGather(
      {options.isForGPU ? GatherForm::Contractions : GatherForm::Reductions}));
}

// linalg.generic -> the same on channels-last tensors
void mlir::pdq::buildChooseLayoutsPipeline(OpPassManager &pm,
                                           const PlanOptions &options) {
  // Before layouts: the order of a concatenation is that of its pieces.
  pm.addNestedPass<func::FuncOp>(
      createSimplifySlices({/*split=*/options.isForGPU}));
  if (options.isForGPU) {
    // Before fusion, which would put more into the sum.
    pm.addNestedPass<func::FuncOp>(createAccumulateIntoInit());
  }
  // Before fusion: it merges operations whose operands want different orders.
  pm.addNestedPass<func::FuncOp>(createAssignLayout());
  // The transposes that layouts left on borders.
  pm.addNestedPass<func::FuncOp>(createGeneralize());
  if (options.isForGPU) {
    // Behind layouts: loads of single elements in a payload keep to the order
    // that a tensor has then.
    pm.addNestedPass<func::FuncOp>(
        createScatterToGather({GatherForm::Elementwise}));
  }
  addCleanup(pm);
  // Before fusion, which would merge constant operations into others.
  pm.addPass(createHoistConstants());
}

/// Behind layouts, which are final: a contraction of a CPU gets copies of the
/// operands that it still reads across. Tiles in shared memory need none.
static void addOperandForms(OpPassManager &pm, const PlanOptions &options) {
  if (!options.isForGPU) {
    pm.addNestedPass<func::FuncOp>(createPackOperands());
    return;
  }
  // What computes a pooling's image is one operation by now.
  pm.addNestedPass<func::FuncOp>(createFusePoolingArgmax());
}

// operations on channels-last tensors -> fewer and larger ones
void mlir::pdq::buildFuseTensorsPipeline(OpPassManager &pm,
                                         const PlanOptions &options) {
  pm.addNestedPass<func::FuncOp>(
      createFuseElementwise({/*recompute=*/options.isForGPU}));
  addOperandForms(pm, options);
  pm.addNestedPass<func::FuncOp>(createSplitReductions(
      {options.isForGPU ? FullReductionSplit::Rows : FullReductionSplit::Parts,
       options.multiprocessors}));
  pm.addPass(createCSEPass());
  // Again, for the copies of constants that were packed, and for broadcasts of
  // constants that have been fused into what is smaller.
  pm.addPass(createHoistConstants());
  if (options.isForGPU) {
    pm.addNestedPass<func::FuncOp>(createSaveComparisonMasks());
    pm.addNestedPass<func::FuncOp>(createScheduleASAP());
  }
}

// functions on tensors -> functions on buffers
void mlir::pdq::buildBufferizeTensorsPipeline(OpPassManager &pm,
                                              const PlanOptions &options) {
  // After fusion, which does not look through slices.
  pm.addNestedPass<func::FuncOp>(
      createExpandPads({/*readPadded=*/options.isForGPU}));
  pm.addPass(createStoreResults());
  pm.addPass(createBufferize());
  // Bufferization leaves chains of casts and copies of buffers to themselves.
  addCleanup(pm);
  if (options.isForGPU)
    pm.addPass(createHoistPaddingFills());
}

// functions on buffers -> programs and kernels that are linalg operations
void mlir::pdq::buildOutlineKernelsPipeline(OpPassManager &pm,
                                            const PlanOptions &options) {
  pm.addPass(createOutlineKernels({options.alignment, options.isForGPU}));
  pm.addPass(createCSEPass());
}

void mlir::pdq::buildPlanPipeline(OpPassManager &pm,
                                  const PlanOptions &options) {
  buildCanonicalizeTensorsPipeline(pm, options);
  buildChooseLayoutsPipeline(pm, options);
  buildFuseTensorsPipeline(pm, options);
  buildBufferizeTensorsPipeline(pm, options);
  buildOutlineKernelsPipeline(pm, options);
}

// functions on tensors -> programs and kernels with the module's own loops
void mlir::pdq::buildInOrderPlanPipeline(OpPassManager &pm) {
  addInlining(pm);
  // Nothing that fuses, splits or reorders loops: only when and where a value
  // is computed is ours to choose.
  pm.addPass(createHoistConstants());
  buildBufferizeTensorsPipeline(pm, {});
  buildOutlineKernelsPipeline(pm, {});
}
