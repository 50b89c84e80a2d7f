// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between a function on tensors and LLVM's dialect.

#ifndef PDQ_LIB_EXECUTION_CPU_PIPELINES_H
#define PDQ_LIB_EXECUTION_CPU_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "pdq/Execution/Executor.h"

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

/// Kernels that are linalg operations -> kernels that are loops over vectors.
void buildEmitKernelsPipeline(OpPassManager &pm, CPUTarget target);

/// Kernels that are linalg operations -> scalar loops in the operations' order.
void buildEmitInOrderKernelsPipeline(OpPassManager &pm);

/// Kernels that are loops -> LLVM dialect, buffers as bare pointers.
void buildKernelsToLLVMPipeline(OpPassManager &pm, CPUTarget target);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_CPU_PIPELINES_H
