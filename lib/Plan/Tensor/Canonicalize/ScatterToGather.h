// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two forms in which an element of a sum over sliding windows is computed
// at once.

#ifndef PDQ_LIB_PLAN_TENSOR_CANONICALIZE_SCATTERTOGATHER_H
#define PDQ_LIB_PLAN_TENSOR_CANONICALIZE_SCATTERTOGATHER_H

#include "mlir/IR/PatternMatch.h"
#include "pdq/Plan/Analysis/Scatters.h"

namespace mlir::pdq {

/// Replaces a scatter by reductions over the taps that reach an element, one
/// for each phase. Fails where there are many phases, or where most terms would
/// be zeros of the padding.
LogicalResult scatterToReduction(RewriterBase &rewriter,
                                 const Scatter &scatter);

/// Replaces a scatter by an elementwise operation that loads what the windows
/// over an element have for it. Fails for contractions, for elements in many
/// windows, and for what does not start from a constant.
LogicalResult scatterToElementwise(RewriterBase &rewriter,
                                   const Scatter &scatter);

} // namespace mlir::pdq

#endif // PDQ_LIB_PLAN_TENSOR_CANONICALIZE_SCATTERTOGATHER_H
