// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gathers of TOSA that read a flattened tensor, as reads of the tensor.

#ifndef PDQ_FRONTEND_RAISE_RAISEFLATGATHERS_H
#define PDQ_FRONTEND_RAISE_RAISEFLATGATHERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Positions in a dimension that stands for several, one tensor of integers for
/// each of them.
struct Coordinates {
  /// All of shape `shape`.
  SmallVector<Value> values;
  /// The shape of what is read or written.
  SmallVector<int64_t> shape;
  /// The sizes of the dimensions.
  SmallVector<int64_t> sizes;
};

/// The coordinates behind positions `flat` [1, W] in a dimension of `count`
/// elements: those that a frontend multiplied by row-major strides and added
/// up, or sample and rest of constant positions that are in sample b for the
/// results of sample b, of a network with `batch` samples. Makes IR only where
/// it finds some.
FailureOr<Coordinates> raiseCoordinates(RewriterBase &rewriter, Value flat,
                                        int64_t count, int64_t batch);

/// `value`, a tensor of static shape, in another shape: through one dimension,
/// or what it was before other changes of its shape.
Value reshapeTo(RewriterBase &rewriter, Value value, ArrayRef<int64_t> shape);

/// The batch of the network that `op` stands in.
int64_t getBatchOf(Operation *op);

/// Adds the pattern that makes of a `tosa.gather` of a reshaped tensor
/// [1, K, C] a structured operation that reads the tensor at coordinates: the
/// batch, merged with other dimensions there, is a dimension here.
void populateRaiseFlatGathersPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_RAISE_RAISEFLATGATHERS_H
