// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depthwise convolutions and those of narrow groups, in all three directions:
// too little work for tensor cores, so that memory decides. Every thread keeps
// a tile of results in registers and reads along the channels.

#ifndef PDQ_CODEGEN_GPU_DIRECT_DIRECTSTRATEGY_H
#define PDQ_CODEGEN_GPU_DIRECT_DIRECTSTRATEGY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Codegen/GPU/ContractionForm.h"

namespace mlir::pdq {

/// result += sum over walked and window of lhs * rhs. Every loop of the
/// operation is in one of the lists, or split between two.
struct DirectStrategy {
  IterationSpace space;
  /// Numbers of the operands.
  unsigned lhs = 0, rhs = 0, output = 0;
  /// Loops of the result that number the pieces, outermost first, and those of
  /// which a thread holds every element.
  SmallVector<unsigned> pieces, tile;
  /// Reductions that a thread walks, and those that are unrolled.
  SmallVector<unsigned> walked, window;
  /// The loop whose elements are one vector, with `lanes` iterations.
  std::optional<unsigned> vector;
  int64_t lanes = 1;
  int64_t numPieces = 1;
  /// Each piece belongs to `threadsPerOutput` threads of a block, a power of
  /// two, which share what is walked.
  int64_t outputsPerBlock = blockSize, threadsPerOutput = 1;
  FusedOps fused;

  static constexpr int64_t blockSize = 256;

  /// Iterations of all these loops.
  int64_t count(ArrayRef<unsigned> loops) const;
  int64_t getNumBlocks() const {
    return llvm::divideCeil(numPieces, outputsPerBlock);
  }
};

/// Chooses a strategy; a reason where the operation is no contraction of f32
/// whose factors both move with a loop of the result, such as a channel or a
/// group.
FailureOr<DirectStrategy> matchDirect(linalg::LinalgOp op, StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_DIRECT_DIRECTSTRATEGY_H
