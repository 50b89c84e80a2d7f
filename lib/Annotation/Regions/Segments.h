// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data path cut into segments, and segments joined into the ranges that are
// reconstructed at once.

#ifndef PDQ_LIB_ANNOTATION_REGIONS_SEGMENTS_H
#define PDQ_LIB_ANNOTATION_REGIONS_SEGMENTS_H

#include "pdq/Annotation/Quantizers/ProductInputs.h"

namespace mlir::pdq {

/// Consecutive operations of the data path, [begin, end) of its list.
struct Segment {
  size_t begin, end;
  unsigned numLayers = 0;
  /// Computes, behind its last product, what a product reads.
  bool computesInput = false;
  /// Two data values are combined inside: a residual block, or another diamond.
  bool isJoin = false;
  /// Bounds of its activation functions: 1 for ReLU, 2 for ReLU6.
  unsigned numBounds = 0;
  /// Has a depthwise convolution; all filters have size 1.
  bool isDepthwise = false, isPointwise = true;
};

/// The data path of a network, and which of its operations compute the inputs
/// of products.
struct NetworkPath {
  explicit NetworkPath(Block &block)
      : data(block), inputComputations(findInputComputations(data)) {}

  bool computesInput(Operation *op) const {
    return inputComputations.contains(op);
  }

  DataPath data;
  DenseSet<Operation *> inputComputations;
};

/// Cuts the data path wherever exactly one data value is live.
SmallVector<Segment> cutSegments(const NetworkPath &path);

/// Joins segments to ranges with layers: a layer or a residual block with the
/// normalization and the activation function behind it, and the padding and
/// reshapes in front. What computes the input of a product belongs to the range
/// in front, or where none ends there to the one behind, whatever it is; other
/// operations (poolings) belong to none. With `joinBottlenecks`
/// an inverted residual without skip (expand, depthwise, project) is one range;
/// without expansion only where its activation function is ReLU6: MobileNetV2's
/// first block, and not the separable stem of MNasNet.
SmallVector<Segment> mergeSegments(const NetworkPath &path,
                                   ArrayRef<Segment> segments,
                                   bool joinBottlenecks);

/// Every layer of the operations [begin, end) on its own, with what follows it
/// up to the next one; each sum or concatenation of two branches likewise.
SmallVector<Segment> splitLayers(const NetworkPath &path, size_t begin,
                                 size_t end);

} // namespace mlir::pdq

#endif // PDQ_LIB_ANNOTATION_REGIONS_SEGMENTS_H
