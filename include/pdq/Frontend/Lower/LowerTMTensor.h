// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scans and sorts of torch-mlir as operations on tensors.

#ifndef PDQ_FRONTEND_LOWER_LOWERTMTENSOR_H
#define PDQ_FRONTEND_LOWER_LOWERTMTENSOR_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Writes `tm_tensor.attention` of query, key, value [B, tokens, features] and
/// an optional mask that is added, as two products with a softmax between them.
LogicalResult lowerAttention(Operation *op, PatternRewriter &rewriter);

/// Collects patterns for `tm_tensor.scan` (running sums, products, maxima),
/// `tm_tensor.sort` (with what is sorted along, as indices are; `torch.topk`
/// arrives as a sort) and `tm_tensor.attention`. The dimension of a scan or
/// sort must be static.
void populateLowerTMTensorPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_LOWER_LOWERTMTENSOR_H
