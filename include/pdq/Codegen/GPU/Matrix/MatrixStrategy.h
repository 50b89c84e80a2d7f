// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions as matrix products for tensor cores: convolutions in all three
// directions, grouped ones and matrix products are one form, in which m, n and
// k are numbers that decode to addresses (implicit GEMM).

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATRIXSTRATEGY_H
#define PDQ_CODEGEN_GPU_MATRIX_MATRIXSTRATEGY_H

#include "pdq/Codegen/Common/KernelStrategy.h"
#include "pdq/Codegen/GPU/ContractionForm.h"
#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// Loops of one dimension of the contraction, outermost first: their extents
/// and what they add to the addresses of the left and right operand and the
/// result.
struct MatrixSide {
  SmallVector<int64_t> extents, lhs, rhs, output;
  /// Numbers of the operation's loops.
  SmallVector<unsigned> loops;
  int64_t size = 1;
};

/// One operand: its buffer, its constant offset, and how it is copied. Its rows
/// are those of m for the left operand, of n for the right one.
struct MatrixOperand {
  BlockArgument buffer;
  int64_t offset = 0;
  /// Neighbours in k are neighbours in memory, not neighbouring rows.
  bool isKMajor = false;
  /// Numbers that are copied at once, neighbours in memory: 4 or 1.
  int64_t lanes = 1;
};

/// result[batch, m, n] += sum over k of lhs[batch, m, k] * rhs[batch, k, n],
/// and the same of further contractions.
struct MatrixStrategy {
  linalg::LinalgOp op;
  MatrixSide m, n, k, batch;
  MatrixOperand lhs, rhs, output;
  /// Neighbouring columns, 4, 2 or 1, that are neighbours of the result in
  /// memory, at addresses that their size divides.
  int64_t columnLanes = 1;
  FusedOps fused;
  /// Contractions that are added to the same result: m, n and batch are the
  /// same, operands and k their own.
  std::vector<MatrixStrategy> further;

  MatrixShape getShape() const {
    MatrixShape shape = {m.size, n.size, k.size, batch.size};
    for (const MatrixStrategy &addend : further)
      shape.k += addend.k.size;
    return shape;
  }
};

/// Blocks of `strategy` with `tile`: [tiles, 1, batches].
SmallVector<int64_t> getGrid(const MatrixStrategy &strategy,
                             const MatrixTile &tile);

/// The number of the block that has an element of the result, as a function of
/// the result's dimensions.
AffineExpr getBlockNumber(const MatrixStrategy &strategy,
                          const MatrixTile &tile);

/// The tiles that `strategy` can have on `chip`.
ArrayRef<MatrixTile> getTiles(const MatrixStrategy &strategy, plan::Math math,
                              StringRef chip);

/// Elements from the first one of a buffer to its last one.
int64_t getSpan(MemRefType type);

/// Chooses a strategy; a reason where the operation is no contraction of f32
/// that is large enough for tensor cores.
FailureOr<MatrixStrategy> matchMatrix(linalg::LinalgOp op, StringRef &reason);

/// The same for contractions that are added to one result, one behind the
/// other: the first with the others as its further ones.
FailureOr<MatrixStrategy> matchMatrix(ArrayRef<linalg::LinalgOp> ops,
                                      StringRef &reason);

/// Whether both contractions walk their results alike, so that they can be
/// added in one kernel.
bool haveSameResult(const MatrixStrategy &lhs, const MatrixStrategy &rhs);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATRIXSTRATEGY_H
