// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels on tensor cores: tiles travel through shared memory, warps or
// warpgroups multiply them.

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H
#define PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Codegen/GPU/Matrix/MatrixPlan.h"

namespace mlir::pdq {

/// Replaces the operation of `kernel` by what one thread does on `chip`; empty
/// stands for what every chip has. Fails, with a message, where the kernel asks
/// for a tile that there is not.
LogicalResult emitMatrix(func::FuncOp kernel, const MatrixPlan &plan,
                         MatrixMath math, StringRef chip);

/// Kernels with more shared memory than they can have statically, and those
/// whose tiles are swizzled, get all of it with their launch:
/// `pdq.shared_bytes`.
void setSharedBytes(func::FuncOp kernel);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATRIXEMITTER_H
