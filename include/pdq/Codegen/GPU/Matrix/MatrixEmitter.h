// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels on tensor cores: tiles travel through shared memory, warps or
// warpgroups multiply them.

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H
#define PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H

#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// Replaces the operation of `kernel` by what one thread does on `target`.
/// Fails, with a message, where the kernel asks for a tile that there is not.
LogicalResult emitMatrix(plan::KernelOp kernel, const MatrixStrategy &strategy,
                         plan::TargetAttr target);

/// Shared memory that has to come with the launch of `kernel`, which is more
/// than it can have statically, or whose tiles are swizzled; else 0.
int64_t getLaunchSharedBytes(plan::KernelOp kernel);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H
