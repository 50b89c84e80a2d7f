// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strided slices that the way through TOSA has turned into gathers.

#ifndef PDQ_FRONTEND_RAISE_RAISESTRIDEDGATHERS_H
#define PDQ_FRONTEND_RAISE_RAISESTRIDEDGATHERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the pattern that rewrites a `tosa.gather` whose constant indices are
/// `first, first + stride, ...` to a `tensor.extract_slice`. TOSA has no
/// strides in its slices, so frontends write `x[:, :, ::2, ::2]` that way.
void populateRaiseStridedGathersPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_RAISE_RAISESTRIDEDGATHERS_H
