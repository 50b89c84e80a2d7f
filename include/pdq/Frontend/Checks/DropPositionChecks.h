// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of positions that come from data.

#ifndef PDQ_FRONTEND_CHECKS_DROPPOSITIONCHECKS_H
#define PDQ_FRONTEND_CHECKS_DROPPOSITIONCHECKS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Removes assertions that a position from data (the number of a token) lies in
/// the tensor that is read there: `guardScalars` bounds such positions. One
/// remark says so.
void dropPositionChecks(func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_CHECKS_DROPPOSITIONCHECKS_H
