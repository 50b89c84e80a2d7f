// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Assertions that frontends put into the payload of operations on constants.

#ifndef PDQ_FRONTEND_CHECKS_DISCHARGEASSERTIONS_H
#define PDQ_FRONTEND_CHECKS_DISCHARGEASSERTIONS_H

#include "mlir/IR/Operation.h"

namespace mlir::pdq {

/// Evaluates every `cf.assert` under `root` that depends on constants only and
/// removes it where it holds. Errors: one that fails, and one that depends on
/// data.
LogicalResult dischargeAssertions(Operation *root);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_CHECKS_DISCHARGEASSERTIONS_H
