// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of a wider type that are rounded in the network.

#ifndef PDQ_FRONTEND_MODULE_ROUNDCONSTANTS_H
#define PDQ_FRONTEND_MODULE_ROUNDCONSTANTS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Patterns that round constant numbers (`arith.truncf`) outside of payloads to
/// nearest, ties to even, as the operation does. Upstream folds only those that
/// lose nothing.
void populateRoundConstantsPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_ROUNDCONSTANTS_H
