// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop nest of a kernel.

#ifndef PDQ_LIB_CODEGEN_CPU_NESTEMITTER_H
#define PDQ_LIB_CODEGEN_CPU_NESTEMITTER_H

#include "pdq/Codegen/Common/KernelStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// Replaces the operation of `kernel` by the nest of `strategy`; sets the
/// range.
void emitNest(plan::KernelOp kernel, const KernelStrategy &strategy);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_CPU_NESTEMITTER_H
