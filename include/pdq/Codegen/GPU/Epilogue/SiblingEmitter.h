// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel whose blocks take turns over the code of several: block b does
// block b / n of kernel b mod n.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H
#define PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// The operations of each kernel that `pdq.siblings` of `kernel` counts; all of
/// them where it has no such attribute. Fails, with an error, where the numbers
/// are not those of the operations.
FailureOr<SmallVector<SmallVector<linalg::LinalgOp>>>
getSiblings(func::FuncOp kernel);

/// The siblings of `kernel` as kernels of their own, in functions that belong
/// to no module. Fails like `getSiblings`.
FailureOr<SmallVector<OwningOpRef<func::FuncOp>>>
separateSiblings(func::FuncOp kernel);

/// Puts the code of `siblings`, emitted kernels with the arguments of `kernel`,
/// in the place of its operations. Siblings share shared memory: a block does
/// one of them. Fails, with an error, where their blocks have not the same
/// threads.
LogicalResult emitSiblings(func::FuncOp kernel,
                           ArrayRef<OwningOpRef<func::FuncOp>> siblings);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_SIBLINGEMITTER_H
