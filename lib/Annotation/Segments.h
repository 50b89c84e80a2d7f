// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data path cut into segments, and segments joined into the units that are
// reconstructed at once.

#ifndef PDQ_ANNOTATION_SEGMENTS_H
#define PDQ_ANNOTATION_SEGMENTS_H

#include "Structure.h"

namespace mlir::pdq {

/// Consecutive operations of the data path, [begin, end) of its list.
struct Segment {
  size_t begin, end;
  unsigned numLayers = 0;
  /// Two data values are combined inside: a residual block, or another diamond.
  bool isJoin = false;
  /// Bounds of its activation functions: 1 for ReLU, 2 for ReLU6.
  unsigned numBounds = 0;
  /// Has a depthwise convolution; all filters have size 1.
  bool isDepthwise = false, isPointwise = true;
};

/// Cuts the data path wherever exactly one data value is live.
SmallVector<Segment> cutSegments(const DataPath &path);

/// Joins segments to units with layers: a layer or a residual block with the
/// normalization and the activation function behind it, and the padding and
/// reshapes in front; what belongs to none is left out. With `joinBottlenecks`
/// an inverted residual without skip (expand, depthwise, project) is one unit;
/// without expansion only where its activation function is ReLU6: MobileNetV2's
/// first block, and not the separable stem of MNasNet.
SmallVector<Segment> joinUnits(const DataPath &path, ArrayRef<Segment> segments,
                               bool joinBottlenecks);

/// Every layer of the operations [begin, end) on its own, with what follows it
/// up to the next one; each sum or concatenation of two branches likewise.
SmallVector<Segment> splitLayers(const DataPath &path, size_t begin,
                                 size_t end);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_SEGMENTS_H
