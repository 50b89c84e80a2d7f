// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that every thread computes with its own loads and stores: elementwise
// operations, reductions, contractions that no tensor core takes.

#ifndef PDQ_CODEGEN_GPU_THREADS_THREADEMITTER_H
#define PDQ_CODEGEN_GPU_THREADS_THREADEMITTER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Codegen/GPU/Threads/ThreadStrategy.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// States the launch of a kernel, `grid` and `block` along [x, y, z], and its
/// form.
void setLaunch(plan::KernelOp kernel, ArrayRef<int64_t> grid,
               ArrayRef<int64_t> block, plan::Form form);

/// Splits a number into one index for each of `extents`, the last running
/// fastest, in 32-bit arithmetic. `linear` is an index; so are the results.
SmallVector<Value> buildDelinearized(ImplicitLocOpBuilder &b, Value linear,
                                     ArrayRef<int64_t> extents);

/// A buffer as one dimension, from its first to its last element.
Value buildFlat(ImplicitLocOpBuilder &b, BlockArgument buffer);

/// Replaces the operation of `kernel` by what one thread does.
void emitThreads(plan::KernelOp kernel, const ThreadStrategy &strategy);

/// Gives every element of the result a thread that walks scalar loops: takes
/// every linalg operation. A reduction starts from `init` where that is given.
/// Fails where it has no form as loops.
LogicalResult emitScalar(plan::KernelOp kernel, linalg::LinalgOp op,
                         Value init);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_THREADS_THREADEMITTER_H
