// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Limits of the chip that is simulated; kernels must fit the real one.

#ifndef PDQ_SIMULATED_GPU_CHIP_H
#define PDQ_SIMULATED_GPU_CHIP_H

#include "Status.h"
#include "llvm/ADT/StringRef.h"

namespace pdq::sim {

inline constexpr unsigned kWarpSize = 32;
inline constexpr unsigned kMaxThreadsPerBlock = 1024;
/// Dynamic shared memory of a kernel that asked for no more.
inline constexpr unsigned kDefaultSharedBytes = 48 * 1024;

/// Sizes are bytes; the source is the table of compute capabilities in the
/// CUDA programming guide.
struct Chip {
  const char *name;
  int major, minor;
  unsigned optInSharedBytes;
  unsigned multiprocessorSharedBytes;
  unsigned threadsPerMultiprocessor;
  unsigned blocksPerMultiprocessor;
  unsigned multiprocessors;

  bool hasWarpgroupMatrix() const { return major == 9; }
};

/// The chip called `name` ("sm_90", "sm_90a", ...).
Status findChip(llvm::StringRef name, const Chip *&chip);

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_CHIP_H
