// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of several operations on the same rows: one block of threads does all
// of them for its row, so that what one operation leaves can be read by the
// next.

#ifndef PDQ_CODEGEN_GPU_ROWS_ROWSTRATEGY_H
#define PDQ_CODEGEN_GPU_ROWS_ROWSTRATEGY_H

#include "pdq/Codegen/Common/KernelStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// One operation: elementwise, or a reduction of each row to one number. Its
/// first loops are those of the rows, and it keeps the order of its loops.
struct RowOp {
  KernelStrategy nest;
  /// Where the reduction starts; null where it adds to what the result holds.
  Value init;

  linalg::LinalgOp getOp() const { return nest.space.op; }
  bool reduces() const { return nest.reduction.combiner; }
};

/// Operations that walk over a row together: a thread that has an element of
/// one has the same element of the others, and what they share is loaded once.
struct RowGroup {
  std::vector<RowOp> ops;
  /// Extents of the loops inside a row.
  SmallVector<int64_t> extents;
  unsigned lanes = 1;

  /// Elements of a row by `lanes`.
  int64_t getNumPieces() const;
};

/// How a kernel of rows is computed: a block of threads a row, the groups of
/// operations one after the other.
struct RowStrategy {
  /// Extents of the loops of the rows, outermost first; none: one row.
  SmallVector<int64_t> rows;
  std::vector<RowGroup> groups;

  int64_t getNumRows() const;
  /// Threads of a block.
  int64_t getBlockSize() const;
};

/// The one number of a row, or the element of a row, that `op` makes can be
/// computed by the block of the row: the first `numRowLoops` loops are parallel
/// and part of the results, all others are parallel, or all are reductions.
bool isRowOp(linalg::LinalgOp op, unsigned numRowLoops);

/// The dimensions of the operand that are indexed by the loops of the rows, one
/// for each; fails where rows meet in an element.
FailureOr<SmallVector<unsigned>>
findRowDims(linalg::LinalgOp op, OpOperand &operand, unsigned numRowLoops);

/// The arguments of the kernel that one operation computes element by element
/// and only others of its group read: threads hand them on in registers.
SmallVector<BlockArgument> findHandedOn(const RowStrategy &strategy);

/// The strategy of a kernel whose operations have `numRowLoops` loops of rows;
/// a reason where it has none. A `linalg.fill` of a result that a reduction
/// starts from counts with it.
FailureOr<RowStrategy> matchRows(plan::KernelOp kernel, unsigned numRowLoops,
                                 StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_ROWS_ROWSTRATEGY_H
