// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one form of a layer that later passes know: data times a weight that is a
// constant behind views.

#ifndef PDQ_NETWORK_LAYERS_LAYERFORM_H
#define PDQ_NETWORK_LAYERS_LAYERFORM_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the patterns that bring products with a weight into the form of a
/// layer: a weight that is the first operand becomes the second one, and one
/// that is repeated for every sample is read as often as it is needed.
void populateLayerFormPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_LAYERS_LAYERFORM_H
