// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the threads of a GPU share a kernel: the loops of the result are
// numbered through, and long reductions are shared by a group of threads.

#ifndef PDQ_CODEGEN_GPU_THREADS_THREADSTRATEGY_H
#define PDQ_CODEGEN_GPU_THREADS_THREADSTRATEGY_H

#include "pdq/Codegen/Common/KernelStrategy.h"

namespace mlir::pdq {

/// Work of one kernel. A block computes `outputsPerBlock` pieces of the result;
/// a piece is `nest.lanes` neighbouring elements. Each piece belongs to
/// `threadsPerOutput` threads, a power of two, which share its reduction.
struct ThreadStrategy {
  /// Loops, operands, reduction and vectorized loop; no rows, no range.
  KernelStrategy nest;
  /// Loops that pieces are numbered by, outermost first; and the reductions.
  SmallVector<unsigned> outputs, reductions;
  int64_t numPieces = 1;
  int64_t outputsPerBlock = 1, threadsPerOutput = 1;
  /// Where the reduction starts; null where it adds to what the result holds.
  Value init;
  /// Neighbouring threads take neighbouring pieces, or neighbouring terms.
  bool outputsAreNeighbours = true;

  int64_t getBlockSize() const { return outputsPerBlock * threadsPerOutput; }
  int64_t getNumBlocks() const {
    return llvm::divideCeil(numPieces, outputsPerBlock);
  }
};

/// Chooses a strategy; a reason where the operation needs the fallback.
FailureOr<ThreadStrategy> matchThreads(linalg::LinalgOp op, StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_THREADS_THREADSTRATEGY_H
