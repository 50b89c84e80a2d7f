// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of tiles by the warpgroups of a block, with wgmma (sm_90a).

#ifndef PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPGROUPPRODUCTS_H
#define PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPGROUPPRODUCTS_H

#include "pdq/Codegen/GPU/Matrix/Accumulators.h"

namespace mlir::pdq {

/// Whether operands can be loaded for wgmma: in whole vectors.
bool canUseWarpgroups(const MatrixStrategy &strategy);

/// Emits the loop over k; returns the sums of the thread.
Accumulators emitWarpgroupProducts(MatmulBuilder &code);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPGROUPPRODUCTS_H
