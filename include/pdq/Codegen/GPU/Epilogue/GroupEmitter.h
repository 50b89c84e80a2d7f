// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel whose blocks take turns over the code of several: block b does
// block b / n of kernel b mod n.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_GROUPEMITTER_H
#define PDQ_CODEGEN_GPU_EPILOGUE_GROUPEMITTER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// The operations of each group of `kernel`; all of them where it has none.
SmallVector<SmallVector<linalg::LinalgOp>> getGroups(plan::KernelOp kernel);

/// The groups of `kernel` as kernels of their own, which belong to no module.
SmallVector<OwningOpRef<plan::KernelOp>> separateGroups(plan::KernelOp kernel);

/// Puts the code of `groups`, emitted kernels with the arguments of `kernel`,
/// in the place of its operations. Groups share shared memory: a block does
/// one of them. Fails, with an error, where their blocks have not the same
/// threads.
LogicalResult emitGroups(plan::KernelOp kernel,
                         ArrayRef<OwningOpRef<plan::KernelOp>> groups);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_GROUPEMITTER_H
