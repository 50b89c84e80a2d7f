// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns that rewrite pdq operations to linalg on tensors.

#ifndef PDQ_LIB_AUTODIFF_DECOMPOSE_DECOMPOSE_H
#define PDQ_LIB_AUTODIFF_DECOMPOSE_DECOMPOSE_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Quantizers and batch norm.
void populateDecomposeQuantizerPatterns(RewritePatternSet &patterns);
/// Loss terms.
void populateDecomposeLossPatterns(RewritePatternSet &patterns);
/// Random draws and gathering.
void populateDecomposeRandomPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_LIB_AUTODIFF_DECOMPOSE_DECOMPOSE_H
