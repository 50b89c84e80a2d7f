// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reshapes whose shape is computed, as group norms with a dynamic batch have.

#ifndef PDQ_FRONTEND_RAISE_RAISERESHAPES_H
#define PDQ_FRONTEND_RAISE_RAISERESHAPES_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the pattern that rewrites a `tensor.reshape` that leaves the dynamic
/// dimension 0 alone to `tensor.collapse_shape` and `tensor.expand_shape`,
/// which say so.
void populateRaiseReshapesPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_RAISE_RAISERESHAPES_H
