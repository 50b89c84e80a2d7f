// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One structured operation for each thing that is computed.

#ifndef PDQ_FRONTEND_LOWER_SPLITRESULTS_H
#define PDQ_FRONTEND_LOWER_SPLITRESULTS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the pattern that computes a result in an operation of its own where it
/// needs neither the other results nor loops beside its own dimensions: a
/// pooling of uneven windows gives their sizes beside their sums, a scatter its
/// positions beside what it writes.
void populateSplitResultsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_LOWER_SPLITRESULTS_H
