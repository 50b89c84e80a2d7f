// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a multiprocessor of a chip has: limits that kernels must keep.

#ifndef PDQ_PLAN_ANALYSIS_CHIPLIMITS_H
#define PDQ_PLAN_ANALYSIS_CHIPLIMITS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::pdq {

/// Sizes are bytes; registers have 32 bits. The source is the table of compute
/// capabilities in the CUDA programming guide.
struct ChipLimits {
  StringRef name;
  int64_t multiprocessors;
  /// Shared memory of a block, and of a multiprocessor.
  int64_t blockSharedBytes, sharedBytes;
  int64_t threads, blocks;
  /// Whether warpgroups multiply (wgmma).
  bool hasWarpgroupMatrix;
  static constexpr int64_t registers = 65536;
};

/// The limits of `chip`; those of sm_80 where it is empty, for a chip that is
/// not in the table those that every supported one keeps.
const ChipLimits &getChipLimits(StringRef chip);

/// Blocks of a kernel that a multiprocessor holds at once; 0 where it cannot
/// hold one.
int64_t getBlocksPerMultiprocessor(const ChipLimits &chip, int64_t threads,
                                   int64_t registers, int64_t sharedBytes);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_CHIPLIMITS_H
