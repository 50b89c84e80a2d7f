// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between linalg kernels and LLVM's dialect.

#ifndef PDQ_CODEGEN_CPU_PIPELINES_H
#define PDQ_CODEGEN_CPU_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace mlir::pdq {

/// Kernels that are linalg operations -> kernels that are loops over vectors of
/// `vectorWidth` 32-bit elements.
void buildEmitCPUKernelsPipeline(OpPassManager &pm, unsigned vectorWidth);

/// Kernels that are linalg operations -> scalar loops in the operations' order.
void buildEmitInOrderKernelsPipeline(OpPassManager &pm);

/// Kernels that are loops -> LLVM dialect, buffers as bare pointers.
void buildKernelsToLLVMPipeline(OpPassManager &pm);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_CPU_PIPELINES_H
