// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each stretch of the way; every order that matters is
// explained where it stands.

#include "pdq/Codegen/CPU/Pipelines.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Canonicalizer.h"

using namespace mlir;
using namespace mlir::pdq;

// linalg kernels -> loops over vectors
void mlir::pdq::buildEmitCPUKernelsPipeline(OpPassManager &pm,
                                            unsigned vectorWidth) {
  OpPassManager &kernels = pm.nest<plan::KernelOp>();
  kernels.addPass(createEmitCPUKernels({vectorWidth}));
  // Payloads are cloned into the loops with all they compute again and again.
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createApproximateMath());
  kernels.addPass(createSoundCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

// linalg kernels -> scalar loops as they say it; functions stay those of the C
// library, as mlir-runner calls them
void mlir::pdq::buildEmitInOrderKernelsPipeline(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<plan::KernelOp>();
  kernels.addPass(createEmitCPUKernels({/*vectorWidth=*/0}));
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createSoundCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

// loops over vectors -> LLVM dialect
void mlir::pdq::buildKernelsToLLVMPipeline(OpPassManager &pm) {
  pm.addPass(createConvertKernelsToFunc());
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
