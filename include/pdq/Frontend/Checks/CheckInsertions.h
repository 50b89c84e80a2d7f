// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Insertions that upstream's canonicalizer has moved before the network came.

#ifndef PDQ_FRONTEND_CHECKS_CHECKINSERTIONS_H
#define PDQ_FRONTEND_CHECKS_CHECKINSERTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Checks the zero insertions of transposed convolutions, on static shapes.
///
/// Errors: an insertion leaves more zeros in front than the filter reaches, or
/// more behind than an output padding adds: no transposed convolution does.
LogicalResult checkInsertions(func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_CHECKS_CHECKINSERTIONS_H
