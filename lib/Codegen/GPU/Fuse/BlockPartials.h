// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Partial sums of rows that become those of the blocks of a matrix product, so
// that the product's launch can make them.

#ifndef PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H
#define PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H

#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"
#include "pdq/Plan/Buffer/KernelCalls.h"

namespace mlir::pdq {

/// Whether the partial sums `buffer` that `writer` computes can have any
/// number: everything else that uses them only sums all of them up.
bool canResizePartials(KernelCalls &calls, const KernelCall &writer,
                       Value buffer);

/// Gives each buffer of partial sums that `epilogue` computes one element for
/// each block of the product `main`. Returns the tile of these blocks; nothing
/// where there are no sums.
std::optional<MatrixTile> resizePartials(KernelCalls &calls,
                                         const KernelCall &main,
                                         const KernelCall &epilogue,
                                         plan::Math math, StringRef chip);

/// Makes the sums behind the product of `kernel` those of its blocks, whose
/// tile is `tile`.
void sumOverBlocks(plan::KernelOp kernel, const MatrixTile &tile);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_FUSE_BLOCKPARTIALS_H
