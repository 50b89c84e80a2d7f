// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linear layers on more than two dimensions as products of two matrices.

#ifndef PDQ_FRONTEND_RAISE_FLATTENLINEARS_H
#define PDQ_FRONTEND_RAISE_FLATTENLINEARS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the pattern that rewrites a `linalg.batch_matmul` by one matrix, which
/// the frontend repeats along the batch, to a `linalg.matmul` of all rows.
void populateFlattenLinearsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_RAISE_FLATTENLINEARS_H
