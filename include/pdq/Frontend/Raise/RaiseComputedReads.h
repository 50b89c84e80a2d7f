// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads at computed positions, as frontends make of interpolations, of
// permutations and of flipped filters.

#ifndef PDQ_FRONTEND_RAISE_RAISECOMPUTEDREADS_H
#define PDQ_FRONTEND_RAISE_RAISECOMPUTEDREADS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the patterns for payloads that read tensors by `tensor.extract` at
/// positions that do not depend on data. One that only reads becomes a constant
/// where the tensor is one, or slices and repetitions where the positions along
/// a dimension are such; else the positions become constants.
void populateRaiseComputedReadsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_RAISE_RAISECOMPUTEDREADS_H
