// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Positions at which payloads read tensors by `tensor.extract`.

#ifndef PDQ_LIB_FRONTEND_RAISE_POSITIONTABLE_H
#define PDQ_LIB_FRONTEND_RAISE_POSITIONTABLE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Support/ConstantElements.h"

namespace mlir::pdq {

/// The positions that an index of a read takes.
struct PositionTable {
  /// The loops that the position depends on, in order.
  SmallVector<unsigned> loops;
  /// The position in each step of these loops, the last one fastest.
  SmallVector<int64_t> values;

  /// Whether the position is the counter of one loop.
  bool isCounter() const;
  /// The first position and the distance of the others, where it is one
  /// positive number.
  std::optional<std::pair<int64_t, int64_t>> getProgression() const;
};

/// The positions of `index`; failure where they depend on data, are too many or
/// lie outside of [0, size).
FailureOr<PositionTable> getPositionTable(Value index, linalg::LinalgOp op,
                                          int64_t size,
                                          ConstantElements &elements);

/// Adds the pattern that brings known positions into one form: the counter of a
/// loop, a constant, or an element of a constant operand, the table of
/// positions.
void populateTabulatePositionsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_LIB_FRONTEND_RAISE_POSITIONTABLE_H
