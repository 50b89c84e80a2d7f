// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The patterns of `pdq-simplify-slices`, in the order in which they are
// applied.

#ifndef PDQ_LIB_PLAN_TENSOR_LAYOUT_SIMPLIFYSLICES_H
#define PDQ_LIB_PLAN_TENSOR_LAYOUT_SIMPLIFYSLICES_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// concat(a, b) -> pieces of an empty tensor, each inserted where it is
/// computed.
void populatePlaceConcatPatterns(RewritePatternSet &patterns);

/// A slice of a chain -> the piece that it is, or zeros that lie between
/// pieces.
void populateForwardPiecePatterns(RewritePatternSet &patterns);

/// The sum of two chains over zeros -> one chain; pieces that meet are added.
void populateAddPiecesPatterns(RewritePatternSet &patterns);

/// A chain that covers its zeros -> the same over an empty tensor.
void populateDropZerosPatterns(RewritePatternSet &patterns);

/// f(slices) -> slices of f, and sum(slices) -> a sum that starts from that of
/// the slice before. A piece may be a chain itself: applied until none is left.
void populateSplitAtPiecesPatterns(RewritePatternSet &patterns);

/// slices of f(x) -> f(slices of x), where nothing reads the whole.
void populateMoveSlicesPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_LIB_PLAN_TENSOR_LAYOUT_SIMPLIFYSLICES_H
