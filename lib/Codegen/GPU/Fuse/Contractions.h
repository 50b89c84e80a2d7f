// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches of contractions, and those that read their results.

#ifndef PDQ_LIB_CODEGEN_GPU_FUSE_CONTRACTIONS_H
#define PDQ_LIB_CODEGEN_GPU_FUSE_CONTRACTIONS_H

#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Plan/Buffer/KernelCalls.h"

namespace mlir::pdq {

/// The contractions of a kernel, and the form that they have.
struct Contractions {
  SmallVector<linalg::LinalgOp> ops;
  const ContractionForm *form = nullptr;

  explicit operator bool() const { return form; }
  Value getResult() const {
    linalg::LinalgOp first = ops.front();
    return first.getDpsInits().front();
  }
};

/// The contractions of a kernel that are alone in it, or behind what they start
/// from; no form where there is more, or they have none.
Contractions getContractions(plan::KernelOp kernel);

/// The argument of a kernel that is bound to `operand`; null where there is not
/// exactly one.
Value findArgument(const KernelCall &launch, Value operand);

/// Whether each of two launches can be the epilogue of a contraction in front
/// of it, and none is that of both: fused with each other, they would keep the
/// results of both contractions in memory.
bool followDifferentContractions(KernelCalls &calls, const KernelCall &first,
                                 const KernelCall &second);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_FUSE_CONTRACTIONS_H
