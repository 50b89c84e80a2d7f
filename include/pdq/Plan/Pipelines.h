// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between functions on tensors and launch plans.

#ifndef PDQ_PLAN_PIPELINES_H
#define PDQ_PLAN_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace mlir::pdq {

/// What kernels are formed for.
struct KernelFormOptions {
  /// Bytes that buffers are aligned to, as far as kernels may assume.
  unsigned alignment = 0;
  /// A launch costs more than memory or registers: kernels take fills and other
  /// elementwise operations along, and padding stays in memory of its own.
  bool fewLaunches = false;
  /// Multiprocessors of a GPU that blocks of products are to keep busy.
  int64_t multiprocessors = 0;
};

/// Functions on tensors -> launch plans and kernels that are linalg operations.
void buildFormKernelsPipeline(OpPassManager &pm,
                              const KernelFormOptions &options = {});

/// The same with every loop as the module has it: `ExecutorOptions::inOrder`.
void buildFormInOrderKernelsPipeline(OpPassManager &pm);

} // namespace mlir::pdq

#endif // PDQ_PLAN_PIPELINES_H
