// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One block of memory for all temporaries of a function, from their live
// ranges, so that a call allocates nothing. Knows no IR and no device.

#ifndef PDQ_PLAN_BUFFER_PLANARENA_H
#define PDQ_PLAN_BUFFER_PLANARENA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace mlir::pdq {

/// A temporary: `bytes` of memory that are needed from step `first` to step
/// `last`, both included.
struct Temporary {
  int64_t bytes = 0;
  int64_t first = 0;
  int64_t last = 0;
};

/// Where the temporaries lie, in bytes from the start of the arena.
struct ArenaPlan {
  llvm::SmallVector<int64_t> offsets;
  int64_t totalBytes = 0;
};

/// Places temporaries so that two that live at the same step share no byte.
/// Offsets are multiples of `alignment`. Each is placed at the lowest free
/// offset, in four orders (by size, size times lifetime, lifetime, start), of
/// which the one with the smallest arena is taken; ties by position, so the
/// plan is deterministic.
ArenaPlan planArena(llvm::ArrayRef<Temporary> temporaries, int64_t alignment);

} // namespace mlir::pdq

#endif // PDQ_PLAN_BUFFER_PLANARENA_H
