// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads at computed positions, as frontends make of interpolations and of
// flipped filters.

#ifndef PDQ_ANNOTATION_RAISECOMPUTEDREADS_H
#define PDQ_ANNOTATION_RAISECOMPUTEDREADS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the patterns that rewrite an operation whose payload only reads a
/// tensor by `tensor.extract`, each index computed from one loop: from a
/// constant to a constant, from data to a repetition or to a product with a
/// constant matrix that selects elements.
void populateRaiseComputedReadsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_RAISECOMPUTEDREADS_H
