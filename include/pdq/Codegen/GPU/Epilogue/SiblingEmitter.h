// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel whose blocks take turns over the code of several: block b does
// block b / n of kernel b mod n.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H
#define PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// The operations of each group of `kernel`; all of them where it has none.
SmallVector<SmallVector<linalg::LinalgOp>> getSiblings(plan::KernelOp kernel);

/// The groups of `kernel` as kernels of their own, which belong to no module.
SmallVector<OwningOpRef<plan::KernelOp>>
separateSiblings(plan::KernelOp kernel);

/// Puts the code of `siblings`, emitted kernels with the arguments of `kernel`,
/// in the place of its operations. Siblings share shared memory: a block does
/// one of them. Fails, with an error, where their blocks have not the same
/// threads.
LogicalResult emitSiblings(plan::KernelOp kernel,
                           ArrayRef<OwningOpRef<plan::KernelOp>> siblings);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H
