// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between a function on tensors and LLVM's dialect.

#ifndef PDQ_LIB_EXECUTION_CPU_PIPELINES_H
#define PDQ_LIB_EXECUTION_CPU_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "pdq/Execution/Executor.h"

namespace mlir::pdq {

/// Functions on tensors -> launch plans and kernels that are linalg operations.
/// With `alignment` kernels may assume that buffers are aligned to as many
/// bytes.
void buildFormKernelsPipeline(OpPassManager &pm, unsigned alignment = 0,
                              bool absorbFills = false);

/// Kernels that are linalg operations -> kernels that are loops over vectors.
void buildEmitKernelsPipeline(OpPassManager &pm, CPUTarget target);

/// Kernels that are loops -> LLVM dialect, buffers as bare pointers.
void buildKernelsToLLVMPipeline(OpPassManager &pm, CPUTarget target);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_CPU_PIPELINES_H
