// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fills whose only purpose is to start a reduction.

#ifndef PDQ_PLAN_ANALYSIS_INITIALFILLS_H
#define PDQ_PLAN_ANALYSIS_INITIALFILLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// Reductions on buffers -> the fill of their result, where nothing happens to
/// the result in between and every element of it is reduced into: a kernel may
/// start from the fill's value instead of memory.
llvm::DenseMap<Operation *, linalg::FillOp>
findInitialFills(func::FuncOp function);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_INITIALFILLS_H
