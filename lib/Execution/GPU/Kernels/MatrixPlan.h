// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions as matrix products for tensor cores: convolutions in all three
// directions, grouped ones and matrix products are one form, in which rows,
// columns and terms are numbers that decode to addresses (implicit GEMM).

#ifndef PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXPLAN_H
#define PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXPLAN_H

#include "../../CPU/Kernels/KernelPlan.h"

namespace mlir::pdq {

/// Loops of one side of the product, outermost first: their extents and what
/// they add to the addresses of the left and right operand and the result.
struct MatrixSide {
  SmallVector<int64_t> extents, lhs, rhs, output;
  /// Numbers of the operation's loops.
  SmallVector<unsigned> loops;
  int64_t size = 1;
};

/// One operand: its buffer, its constant offset, and whether 16 bytes along the
/// terms can be copied at once.
struct MatrixOperand {
  BlockArgument buffer;
  int64_t offset = 0;
  bool isVector = false;
  /// Neighbouring terms are neighbours in memory, not neighbouring rows.
  bool isTermMajor = false;
};

/// result[batch, row, column] += sum over terms of lhs * rhs. A block of
/// threads computes a tile of `tileRows` x `tileColumns`, a warp `warpRows` x
/// `warpColumns` of it, `tileTerms` terms at a time.
struct MatrixPlan {
  linalg::LinalgOp op;
  MatrixSide rows, columns, terms, batch;
  MatrixOperand lhs, rhs, output;
  /// Where the sums start; null where they are added to what the result holds.
  Value init;
  /// Computes where the sums start, instead of `init`; or null.
  linalg::GenericOp initial;
  /// Takes the elements of the result while they are in registers; or null.
  linalg::GenericOp epilogue;
  /// Whether the result itself is needed.
  bool storesResult = true;
  int64_t tileRows, tileColumns, warpRows, warpColumns;

  static constexpr int64_t tileTerms = 16, warpSize = 32;
  /// Tiles in flight, and padding of a row of a tile in shared memory, which
  /// spreads fragments over all banks.
  static constexpr int64_t numStages = 3, rowPadding = 4;

  int64_t getNumWarps() const {
    return tileRows / warpRows * (tileColumns / warpColumns);
  }
  int64_t getBlockSize() const { return getNumWarps() * warpSize; }
};

/// Chooses a plan; a reason where the operation is no contraction of f32 that
/// is large enough for tensor cores.
FailureOr<MatrixPlan> planMatrix(linalg::LinalgOp op, StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_GPU_KERNELS_MATRIXPLAN_H
