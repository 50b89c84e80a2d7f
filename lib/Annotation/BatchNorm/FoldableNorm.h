// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A batch norm with the layer in front that can take it, and the proof: which
// channel of the norm each output channel of the layer goes to.

#ifndef PDQ_LIB_ANNOTATION_BATCHNORM_FOLDABLENORM_H
#define PDQ_LIB_ANNOTATION_BATCHNORM_FOLDABLENORM_H

#include "pdq/IR/PDQ.h"
#include "pdq/Network/Layers/FactoredIndex.h"
#include "pdq/Network/Layers/Structure.h"

namespace mlir::pdq {

/// A constant bias. `index` says which element is added where, as a function of
/// the dimensions of the value that it is added to.
struct ChannelBias {
  SmallVector<float> elements;
  FactoredIndex index;
};

/// An operation that adds a bias to `input`.
struct BiasAddition {
  Operation *op;
  Value input;
};

/// A layer, and the batch norm that follows it through views and additions of
/// biases.
struct FoldableNorm {
  BatchNormOp norm;
  linalg::LinalgOp layer;
  LayerWeight weight;
  /// The norm's channel as a function of the dimensions of the layer's result,
  /// and of those of the weight's constant.
  FactoredIndex channel, channelOfWeight;
  /// What initializes the layer's result, and what is added to it, as functions
  /// of the dimensions of the layer's result.
  SmallVector<ChannelBias> biases;
  SmallVector<BiasAddition> additions;
};

/// The layer that a norm can be folded into; nothing where there is none, or
/// where the maps do not prove that norm and biases are constant on every
/// output channel of it. A remark says why a layer does not take the norm.
std::optional<FoldableNorm> findFoldableNorm(BatchNormOp norm,
                                             const DataPath &path);

} // namespace mlir::pdq

#endif // PDQ_LIB_ANNOTATION_BATCHNORM_FOLDABLENORM_H
