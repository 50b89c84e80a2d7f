// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sums that a thread holds behind the loop over k, and storing
// them.

#ifndef PDQ_CODEGEN_GPU_MATRIX_ACCUMULATORS_H
#define PDQ_CODEGEN_GPU_MATRIX_ACCUMULATORS_H

#include "pdq/Codegen/GPU/Matrix/MatmulBuilder.h"

namespace mlir::pdq {

/// Fragments of 16 rows and 8 columns, of which thread 4 g + q of a warp holds
/// rows g and g + 8, columns 2 q and 2 q + 1 (PTX: mma.sync, wgmma).
struct Accumulators {
  /// Of each fragment 4 numbers of f32, row by row; fragments row by row.
  SmallVector<Value> values;
  int64_t numRows, numColumns;
  /// Row and column of the thread's first number in the tile.
  Value row, column;
  /// Shared memory that is free when all threads have come here, 32-bit words.
  Value staging;

  static constexpr int64_t fragmentRows = 16, fragmentColumns = 8;
  static constexpr int64_t fragmentSize = 4;
};

/// Adds the sums to where they start, and hands them on: through shared memory,
/// so that neighbouring threads have neighbours in memory, and code for them is
/// there once.
void storeSums(MatmulBuilder &code, const Accumulators &sums);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_ACCUMULATORS_H
