// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the named pipelines of the GPU, for tools.

#ifndef PDQ_EXECUTION_GPUPIPELINES_H
#define PDQ_EXECUTION_GPUPIPELINES_H

namespace mlir::pdq {

/// Registers `pdq-lower-to-gpu`: functions on tensors become a list of
/// launches, kernels become `gpu.func`.
void registerGPUPipelines();

} // namespace mlir::pdq

#endif // PDQ_EXECUTION_GPUPIPELINES_H
