// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The updates of a scatter, listed by the position that they may be written to.

#ifndef PDQ_LIB_FRONTEND_SCATTER_SCATTERCANDIDATES_H
#define PDQ_LIB_FRONTEND_SCATTER_SCATTERCANDIDATES_H

#include "CoordinateScatter.h"

namespace mlir::pdq {

/// Which updates of one sample may be written where: [known coordinates...,
/// candidates], -1 where there are fewer.
struct ScatterCandidates {
  /// The dimensions of the result that are known coordinates.
  SmallVector<unsigned> dims;
  SmallVector<int64_t> shape;
  SmallVector<int64_t> updates;
};

/// The candidates of all positions, in the order in which they are written.
ScatterCandidates findScatterCandidates(const CoordinateScatter &scatter);

/// Of known coordinates alone: the last candidate of each place, the one that
/// stays.
void keepLast(ScatterCandidates &candidates);

} // namespace mlir::pdq

#endif // PDQ_LIB_FRONTEND_SCATTER_SCATTERCANDIDATES_H
