// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of tiles by the warps of a block, with mma.sync.

#ifndef PDQ_LIB_EXECUTION_GPU_KERNELS_WARPPRODUCTS_H
#define PDQ_LIB_EXECUTION_GPU_KERNELS_WARPPRODUCTS_H

#include "MatrixSums.h"

namespace mlir::pdq {

/// Emits the loops over the terms of all products; returns the sums of the
/// thread.
MatrixSums emitWarpProducts(MatrixCode &code);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXECUTION_GPU_KERNELS_WARPPRODUCTS_H
