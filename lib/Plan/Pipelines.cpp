// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between functions on tensors and launch plans; every
// order that matters is explained where it stands.

#include "pdq/Plan/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Support/Canonicalizer.h"

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
  pm.addNestedPass<func::FuncOp>(createGeneralize());
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
    pm.addNestedPass<func::FuncOp>(createAccumulateIntoInit());
  }
  // Before fusion: it merges operations whose operands want different orders.
  pm.addNestedPass<func::FuncOp>(createAssignLayout());
  pm.addNestedPass<func::FuncOp>(createGeneralize());
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
    pm.addNestedPass<func::FuncOp>(createFusePoolingArgmax());
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
    pm.addNestedPass<func::FuncOp>(createSaveComparisonMasks());
    pm.addNestedPass<func::FuncOp>(createScheduleASAP());
  }
  // After fusion, which does not look through slices.
  pm.addNestedPass<func::FuncOp>(
      createExpandPads({/*readPadded=*/options.fewLaunches}));
  pm.addPass(createStoreResults());
  pm.addPass(createBufferize());
  // Bufferization leaves chains of casts and copies of buffers to themselves.
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (options.fewLaunches) {
    pm.addPass(createMergeElementwise());
    pm.addPass(createHoistPaddingFills());
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
  pm.addPass(createBufferize());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createOutlineKernels());
  pm.addPass(createCSEPass());
}
