// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Partial sums of rows that become those of the blocks of a contraction, so
// that its launch can make them.

#ifndef PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H
#define PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H

#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Plan/Buffer/KernelCalls.h"

namespace mlir::pdq {

/// Whether the partial sums `buffer` that `writer` computes can have any
/// number: everything else that uses them only sums all of them up.
bool canResizePartials(KernelCalls &calls, const KernelCall &writer,
                       Value buffer);

/// Whether an operation of `kernel` reduces.
bool hasSums(plan::KernelOp kernel);

/// Gives each buffer of partial sums that `epilogue` computes one element for
/// each block.
void resizePartials(KernelCalls &calls, const KernelCall &epilogue,
                    const BlockPartition &partition);

/// Makes the sums behind the contraction of `kernel` those of its blocks.
void sumOverBlocks(plan::KernelOp kernel, const BlockPartition &partition);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H
