// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each element of a result is computed from, and computing it somewhere
// else.

#ifndef PDQ_PLAN_ANALYSIS_PAYLOADS_H
#define PDQ_PLAN_ANALYSIS_PAYLOADS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::pdq {

/// Whether `op` has one result, and computes each element of it in an iteration
/// of its own, from nothing that the element was before.
bool isElementwiseGeneric(linalg::GenericOp op);

/// Whether, beside that, an element or a slice of the result follows from
/// elements or slices of the operands.
bool isComputable(linalg::GenericOp op);

/// Clones the payload of `op`, whose arguments `mapping` holds, for the
/// iteration at `loops`: an index for each loop of `op`. Returns what the first
/// result gets.
Value clonePayload(OpBuilder &b, linalg::GenericOp op, IRMapping &mapping,
                   ArrayRef<Value> loops);

/// All iterations of loops that have these choices each; the last one changes
/// fastest.
template <typename T>
SmallVector<SmallVector<T>> listCombinations(ArrayRef<SmallVector<T>> choices) {
  SmallVector<SmallVector<T>> combinations{{}};
  for (const SmallVector<T> &list : choices) {
    SmallVector<SmallVector<T>> longer;
    for (const SmallVector<T> &prefix : combinations)
      for (const T &choice : list)
        longer.emplace_back(prefix).push_back(choice);
    combinations = std::move(longer);
  }
  return combinations;
}

/// An elementwise operation with a result of this type. Its payload gets an
/// element of each input, the one at the map of `maps`.
Value buildElementwise(
    OpBuilder &b, Location loc, RankedTensorType type, ValueRange inputs,
    SmallVector<AffineMap> maps,
    function_ref<Value(OpBuilder &, Location, ValueRange)> payload);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_PAYLOADS_H
