// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way from functions on tensors to launch plans, step by step.

#ifndef PDQ_PLAN_PIPELINES_H
#define PDQ_PLAN_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace mlir::pdq {

/// What a plan is formed for.
struct PlanOptions {
  /// On a GPU a launch costs more than memory or registers: kernels take fills
  /// and other elementwise operations along, and padding stays in memory of its
  /// own.
  bool isForGPU = false;
  /// Bytes that buffers are aligned to, as far as kernels may assume.
  unsigned alignment = 0;
  /// Multiprocessors of a GPU that blocks of contractions are to keep busy.
  int64_t multiprocessors = 0;
};

/// Step 1: one function a program, structured operations spelled by their maps,
/// and sums over sliding windows computed element by element.
void buildCanonicalizeTensorsPipeline(OpPassManager &pm,
                                      const PlanOptions &options);

/// Step 2: slices without copies, channels last, constants computed once.
void buildChooseLayoutsPipeline(OpPassManager &pm, const PlanOptions &options);

/// Step 3: elementwise operations fused, long reductions split, in the order in
/// which they will be launched.
void buildFuseTensorsPipeline(OpPassManager &pm, const PlanOptions &options);

/// Step 4: tensors become buffers; padding is part of them.
void buildBufferizeTensorsPipeline(OpPassManager &pm,
                                   const PlanOptions &options);

/// Step 5: functions become programs, structured operations kernels. For a GPU
/// kernels are fused behind it (`-pdq-fuse-kernels`).
void buildOutlineKernelsPipeline(OpPassManager &pm, const PlanOptions &options);

/// Steps 1 to 5.
void buildPlanPipeline(OpPassManager &pm, const PlanOptions &options = {});

/// The same with every loop as the module has it: `ExecutorOptions::inOrder`.
void buildInOrderPlanPipeline(OpPassManager &pm);

} // namespace mlir::pdq

#endif // PDQ_PLAN_PIPELINES_H
