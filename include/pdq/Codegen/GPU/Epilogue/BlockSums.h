// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of which every thread of a block has a part.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_BLOCKSUMS_H
#define PDQ_CODEGEN_GPU_EPILOGUE_BLOCKSUMS_H

#include "pdq/Codegen/Common/PayloadEmitter.h"

namespace mlir::pdq {

/// A thread's part of a sum, a scalar or a vector of lanes, and how parts
/// combine.
struct PartialSum {
  const Reduction *reduction;
  Value part;
};

/// Combines lanes in order, then pairs of threads through shared memory in a
/// fixed order. `thread` is an index below `threads`, a power of two. `scratch`
/// is shared memory that is free, 32-bit words; null stands for new memory.
/// Returns the sums, which only thread 0 has.
SmallVector<Value> combineOverBlock(ImplicitLocOpBuilder &b, Value thread,
                                    int64_t threads, ArrayRef<PartialSum> sums,
                                    Value scratch = Value());

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_BLOCKSUMS_H
