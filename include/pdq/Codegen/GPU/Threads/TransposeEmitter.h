// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations whose inputs lie across the result: neighbours in the
// result are far apart in an input, so that each would read a sector of memory
// for itself. Tiles of such inputs are turned round in shared memory.

#ifndef PDQ_CODEGEN_GPU_THREADS_TRANSPOSEEMITTER_H
#define PDQ_CODEGEN_GPU_THREADS_TRANSPOSEEMITTER_H

#include "pdq/Codegen/Common/KernelStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// A block of threads computes `tileSize` x `tileSize` elements.
struct TransposeStrategy {
  /// Loops and operands; scalars, not vectors.
  KernelStrategy nest;
  /// Loops of neighbours in the results, outermost first; all others, in the
  /// order of memory of the inputs that lie across.
  SmallVector<unsigned> fast, slow;
  int64_t numFast = 1, numSlow = 1;
  /// Numbers of the operands that lie across.
  SmallVector<unsigned> crossed;

  static constexpr int64_t tileSize = 32, numRows = 8;
};

/// Chooses a strategy; a reason where no input lies across the results, or
/// where results lie across each other.
FailureOr<TransposeStrategy> matchTranspose(linalg::LinalgOp op,
                                            StringRef &reason);

/// Replaces the operation of `kernel` by what one thread does.
void emitTranspose(plan::KernelOp kernel, const TransposeStrategy &strategy);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_THREADS_TRANSPOSEEMITTER_H
