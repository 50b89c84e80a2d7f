// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of tiles by the warps of a block, with mma.sync.

#ifndef PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPPRODUCTS_H
#define PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPPRODUCTS_H

#include "pdq/Codegen/GPU/Matrix/Accumulators.h"

namespace mlir::pdq {

/// Emits the loops over k of all contractions; returns the sums of the
/// thread.
Accumulators emitWarpProducts(MatmulBuilder &code);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_OPERANDS_WARPPRODUCTS_H
