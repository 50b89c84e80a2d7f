// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions with little to share, on ordinary arithmetic: every thread keeps
// a tile of results in registers.

#ifndef PDQ_CODEGEN_GPU_DIRECT_DIRECTEMITTER_H
#define PDQ_CODEGEN_GPU_DIRECT_DIRECTEMITTER_H

#include "pdq/Codegen/GPU/Direct/DirectStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// Replaces the operations of `kernel` by what one thread does.
void emitDirect(plan::KernelOp kernel, const DirectStrategy &strategy);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_DIRECT_DIRECTEMITTER_H
