// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a kernel's loops are ordered, vectorized and tiled.

#ifndef PDQ_CODEGEN_COMMON_KERNELSTRATEGY_H
#define PDQ_CODEGEN_COMMON_KERNELSTRATEGY_H

#include "pdq/Codegen/Common/IterationSpace.h"

namespace mlir::pdq {

/// The combining operation of a reduction, and what it combines.
struct Reduction {
  Operation *combiner = nullptr;
  /// The term inside the payload that is combined with the output.
  Value term;
  /// The term is a product: combined by fused multiply-add.
  bool isMultiplyAdd = false;
};

/// Loops of the nest, outermost first: the range, outer loops, tiles of the
/// register tile, inner reductions.
struct KernelStrategy {
  IterationSpace space;
  Reduction reduction;
  unsigned lanes;

  /// Split over threads; none where there is nothing to split.
  std::optional<unsigned> range;
  SmallVector<unsigned> outer;
  /// Loop of rows of the register tile, and how many rows.
  std::optional<unsigned> rows;
  int64_t numRows = 1;
  /// Loop that is vectorized, and how many vectors a tile has.
  std::optional<unsigned> vector;
  int64_t numVectors = 1;
  /// Reductions inside the register tile.
  SmallVector<unsigned> inner;
  /// The vectorized loop is a reduction: lanes are combined at the end.
  bool reducesLanes = false;
};

/// Whether every operation of the payload has a form on vectors.
bool isVectorizable(linalg::LinalgOp op);

/// The reduction of an operation with one result; fails where its payload is no
/// sum, maximum or minimum of the output and one term.
FailureOr<Reduction> findReduction(linalg::LinalgOp op);

/// Chooses a strategy for vectors of `lanes` 32-bit elements; a reason where
/// the operation has no form as a vector loop nest.
FailureOr<KernelStrategy> matchNest(linalg::LinalgOp op, unsigned lanes,
                                    StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_COMMON_KERNELSTRATEGY_H
