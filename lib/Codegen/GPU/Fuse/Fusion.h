// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kinds of fusion of `-pdq-fuse-kernels`, each for the launches of one
// program. They return the number of launches less.

#ifndef PDQ_LIB_CODEGEN_GPU_FUSE_FUSION_H
#define PDQ_LIB_CODEGEN_GPU_FUSE_FUSION_H

#include "pdq/Plan/Buffer/KernelCalls.h"

namespace mlir::pdq {

/// Launches of elementwise operations with the same loops.
unsigned fuseElementwise(KernelCalls &calls, plan::ProgramOp program);

/// Launches of operations on the same rows, and those that are so small that a
/// block of threads does all of them.
unsigned fuseRows(KernelCalls &calls, plan::ProgramOp program);

/// Contractions with what they start from and with their epilogues.
unsigned fuseContractions(KernelCalls &calls, plan::ProgramOp program,
                          plan::TargetAttr target);

/// Contractions of one operand, whose blocks take turns.
unsigned groupContractions(KernelCalls &calls, plan::ProgramOp program,
                           plan::TargetAttr target);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_FUSE_FUSION_H
