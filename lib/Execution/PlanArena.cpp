// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Greedy placement by size.

#include "PlanArena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <tuple>

using namespace mlir::pdq;

namespace {
/// Memory that a placed temporary occupies.
struct Placed {
  int64_t begin, end;
};
} // namespace

/// The lowest offset with `bytes` free bytes between `placed`, which are
/// sorted by their begin.
static int64_t findGap(llvm::ArrayRef<Placed> placed, int64_t bytes) {
  int64_t offset = 0;
  for (const Placed &other : placed) {
    if (other.begin - offset >= bytes)
      return offset;
    offset = std::max(offset, other.end);
  }
  return offset;
}

ArenaPlan mlir::pdq::planArena(llvm::ArrayRef<Temporary> temporaries,
                               int64_t alignment) {
  ArenaPlan plan;
  plan.offsets.assign(temporaries.size(), 0);
  llvm::SmallVector<unsigned> order(temporaries.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_tuple(-temporaries[a].bytes, a) <
           std::make_tuple(-temporaries[b].bytes, b);
  });
  llvm::SmallVector<unsigned> done;
  for (unsigned index : order) {
    const Temporary &temporary = temporaries[index];
    int64_t bytes =
        llvm::alignTo(std::max<int64_t>(temporary.bytes, 1), alignment);
    llvm::SmallVector<Placed> conflicts;
    for (unsigned other : done)
      if (temporaries[other].first <= temporary.last &&
          temporary.first <= temporaries[other].last)
        conflicts.push_back(
            {plan.offsets[other],
             plan.offsets[other] +
                 static_cast<int64_t>(llvm::alignTo(
                     std::max<int64_t>(temporaries[other].bytes, 1),
                     alignment))});
    llvm::sort(conflicts, [](const Placed &a, const Placed &b) {
      return a.begin < b.begin;
    });
    plan.offsets[index] = findGap(conflicts, bytes);
    plan.totalBytes = std::max(plan.totalBytes, plan.offsets[index] + bytes);
    done.push_back(index);
  }
  return plan;
}
