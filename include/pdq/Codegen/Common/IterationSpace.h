// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A structured operation as loops and linear addresses. All shapes and strides
// are static, so an element of an operand lies at a constant plus the sum over
// loops of stride times index.

#ifndef PDQ_CODEGEN_COMMON_ITERATIONSPACE_H
#define PDQ_CODEGEN_COMMON_ITERATIONSPACE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// A loop of the nest.
struct KernelLoop {
  int64_t extent;
  /// Iterations are independent of each other.
  bool isParallel;
  /// The operation's loop, for `linalg.index`; where one was split, index =
  /// offset of the outer part + inner part.
  unsigned dim;
  /// What one iteration adds to the index of `dim`.
  int64_t indexStep = 1;
};

/// An operand and how it moves with the loops, in elements.
struct KernelOperand {
  BlockArgument buffer;
  MemRefType type;
  int64_t offset = 0;
  SmallVector<int64_t> strides;
  bool isOutput = false;
};

/// The loops of an operation on buffers, and each operand as a linear function
/// of them: offset + sum of stride * index.
struct IterationSpace {
  linalg::LinalgOp op;
  SmallVector<KernelLoop> loops;
  SmallVector<KernelOperand> operands;

  const KernelOperand &getOutput(unsigned result) const {
    linalg::LinalgOp owner = op;
    return operands[owner.getDpsInitOperand(result)->getOperandNumber()];
  }
  /// Whether the outputs move with a loop.
  bool isOutputLoop(unsigned loop) const;

  /// Reorders loops.
  void permute(ArrayRef<unsigned> order);
  /// Splits a loop into an outer and an inner one of extent `inner`, which
  /// divides it; the outer one takes its place, the inner one comes last.
  void split(unsigned loop, int64_t inner);
  /// Merges adjacent loops over contiguous memory.
  void collapse();
};

/// Analyzes an operation of a kernel; a reason where it is not of this form.
/// Without its outputs it need not be linear in them; they have no type then.
FailureOr<IterationSpace> analyzeIterationSpace(linalg::LinalgOp op,
                                                StringRef &reason,
                                                bool withOutputs = true);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_COMMON_ITERATIONSPACE_H
