// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of kernels of rows.

#ifndef PDQ_LIB_EXECUTION_GPU_KERNELS_ROWEMITTER_H
#define PDQ_LIB_EXECUTION_GPU_KERNELS_ROWEMITTER_H

#include "RowPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Replaces the operations of a kernel by the code of one thread, and states
/// the launch: one block for each row.
void emitRows(func::FuncOp kernel, const RowPlan &plan);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_GPU_KERNELS_ROWEMITTER_H
