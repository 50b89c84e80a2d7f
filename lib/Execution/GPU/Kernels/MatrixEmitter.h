// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels on tensor cores: tiles travel through shared memory by asynchronous
// copies, warps multiply them with mma.sync.

#ifndef PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXEMITTER_H
#define PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXEMITTER_H

#include "MatrixPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Precision of products: tf32 (10 bits of mantissa, to nearest), or that of
/// f32 from three products of tf32 parts.
enum class MatrixMath { FP32, TF32 };

/// Replaces the operation of `kernel` by what one thread does.
void emitMatrix(func::FuncOp kernel, const MatrixPlan &plan, MatrixMath math);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXEMITTER_H
