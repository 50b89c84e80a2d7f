// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Aggregate operations as the structured ones that they stand for.

#ifndef PDQ_FRONTEND_LOWER_DECOMPOSEAGGREGATES_H
#define PDQ_FRONTEND_LOWER_DECOMPOSEAGGREGATES_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Collects patterns that write `linalg.softmax`, `linalg.pack`,
/// `linalg.unpack` and the operations of Winograd's convolution as operations
/// with loops, tensors that are built element by element as structured
/// operations, and `math.clampf` as a maximum and a minimum.
void populateDecomposeAggregatesPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_LOWER_DECOMPOSEAGGREGATES_H
