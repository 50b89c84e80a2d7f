// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TOSA as linalg on tensors.

#ifndef PDQ_FRONTEND_LOWER_LOWERTOSA_H
#define PDQ_FRONTEND_LOWER_LOWERTOSA_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::pdq {

/// Adds passes on functions that lower TOSA. What TOSA has no operation for
/// (strided slices) is raised from what frontends write instead.
void buildLowerTosaPipeline(OpPassManager &pm);

/// Rewrites TOSA that upstream would lower to what later stages cannot follow.
///
/// Errors: emits a diagnostic at `network`.
LogicalResult prepareTosa(func::FuncOp network);

/// Whether `network` holds operations of TOSA.
bool hasTosa(func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_LOWER_LOWERTOSA_H
