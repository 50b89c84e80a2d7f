// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory an operation on buffers reads and writes, so that others can be
// moved across it.

#ifndef PDQ_PLAN_ANALYSIS_BUFFERACCESSES_H
#define PDQ_PLAN_ANALYSIS_BUFFERACCESSES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::pdq {

/// The value whose memory `value` views. Different roots share no memory.
Value getRoot(Value value);

/// Whether two buffers may have an element in common: those of different roots
/// have none, and neither have slices of one root that are known to be
/// disjoint.
bool mayOverlap(Value lhs, Value rhs);

/// Roots that an operation reads and writes.
struct BufferAccesses {
  llvm::SmallSetVector<Value, 8> reads, writes;
  /// Nothing is known about the operation.
  bool isUnknown = false;

  /// Whether two operations must stay in their order.
  bool conflictsWith(const BufferAccesses &other) const;
};

/// The accesses of a linalg operation with what its payload loads; views and
/// allocations have none, and others are unknown.
BufferAccesses getAccesses(Operation *op);

/// Moves what computes `value`, which only names memory, in front of `place` in
/// the same block.
void moveBefore(Value value, Operation *place);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_BUFFERACCESSES_H
