// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of kernels of rows.

#ifndef PDQ_CODEGEN_GPU_ROWS_ROWEMITTER_H
#define PDQ_CODEGEN_GPU_ROWS_ROWEMITTER_H

#include "pdq/Codegen/GPU/Rows/RowStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// Replaces the operations of a kernel by the code of one thread, and states
/// the launch: one block for each row.
void emitRows(plan::KernelOp kernel, const RowStrategy &strategy);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_ROWS_ROWEMITTER_H
