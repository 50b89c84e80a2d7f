// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes between linalg kernels and NVIDIA's LLVM dialect.

#ifndef PDQ_CODEGEN_GPU_PIPELINES_H
#define PDQ_CODEGEN_GPU_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "pdq/Plan/Pipelines.h"

namespace mlir::pdq {

/// Bytes that every allocation of device memory is aligned to, at least.
inline constexpr unsigned deviceAlignment = 16;

/// Options of plans for `chip`; empty stands for every supported one.
PlanOptions getGPUPlanOptions(StringRef chip);

/// Functions on tensors -> launch plans and kernels that are linalg operations,
/// fused. `math` and `chip` are those of `-pdq-set-target`.
void buildGPUPlanPipeline(OpPassManager &pm, StringRef math, StringRef chip);

/// Kernels that are linalg operations -> the code of one thread, for the target
/// of the module.
void buildEmitGPUKernelsPipeline(OpPassManager &pm);

/// Kernels with a launch -> a `gpu.module` in the LLVM and NVVM dialects,
/// buffers as bare pointers.
void buildGPUKernelsToNVVMPipeline(OpPassManager &pm);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_PIPELINES_H
