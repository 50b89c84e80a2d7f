// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes know of reductions.

#ifndef PDQ_PLAN_ANALYSIS_COMBINERS_H
#define PDQ_PLAN_ANALYSIS_COMBINERS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// The operation that combines the result of a reduction (of one result) with a
/// term: a sum, a maximum or a minimum of floating point numbers. Null where
/// the payload is something else.
Operation *findCombiner(linalg::LinalgOp op);

/// The number that the combiner leaves others as they are with.
Value buildIdentity(OpBuilder &b, Location loc, Operation *combiner,
                    FloatType type);

/// The term of the payload out + term; null where the payload is something
/// else.
Value getTerm(linalg::LinalgOp op);

/// Whether the payload is out + a * b, a reduction of two inputs.
bool isContraction(linalg::LinalgOp op);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_COMBINERS_H
