// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Payloads that are computed somewhere else.

#ifndef PDQ_PLAN_ANALYSIS_PAYLOADS_H
#define PDQ_PLAN_ANALYSIS_PAYLOADS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::pdq {

/// Clones the payload of `op`, whose arguments `mapping` holds, for the
/// iteration at `loops`: an index for each loop of `op`. Returns what the first
/// result gets.
Value clonePayload(OpBuilder &b, linalg::GenericOp op, IRMapping &mapping,
                   ArrayRef<Value> loops);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_PAYLOADS_H
