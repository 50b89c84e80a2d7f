// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the named pipelines of the CPU, for tools.

#ifndef PDQ_EXECUTION_CPUPIPELINES_H
#define PDQ_EXECUTION_CPUPIPELINES_H

namespace mlir::pdq {

/// Registers `pdq-lower-to-cpu`: functions on tensors become a list of kernel
/// calls, kernels become loops over vectors.
void registerCPUPipelines();

} // namespace mlir::pdq

#endif // PDQ_EXECUTION_CPUPIPELINES_H
