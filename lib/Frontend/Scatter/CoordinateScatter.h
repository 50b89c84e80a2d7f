// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scatter as its operation describes it, and where it writes as far as that
// does not depend on data.

#ifndef PDQ_LIB_FRONTEND_SCATTER_COORDINATESCATTER_H
#define PDQ_LIB_FRONTEND_SCATTER_COORDINATESCATTER_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// A scatter of `batch` * `count` updates to `original`.
struct CoordinateScatter {
  Operation *op;
  Value updates, coordinates, original;
  /// How an update (argument 0) and what stands there (argument 1) become one;
  /// null where the update replaces it.
  Operation *combiner = nullptr;
  int64_t batch = 1, count = 0;
  /// For each coordinate those of one sample's updates; empty for coordinates
  /// that come from data. Coordinate 0 is the sample.
  SmallVector<SmallVector<int64_t>> known = {};

  RankedTensorType getType() const {
    return cast<RankedTensorType>(original.getType());
  }
  int64_t getNumCoordinates() const { return known.size(); }
};

/// The scatter that `op`, a `tm_tensor.scatter`, is; fails where its form is
/// not understood or samples meet.
FailureOr<CoordinateScatter> matchCoordinateScatter(Operation *op,
                                                    PatternRewriter &rewriter);

} // namespace mlir::pdq

#endif // PDQ_LIB_FRONTEND_SCATTER_COORDINATESCATTER_H
