// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Greedy placement in several orders, of which the best one counts.

#include "pdq/Plan/Buffer/PlanArena.h"
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

static int64_t getAlignedBytes(const Temporary &temporary, int64_t alignment) {
  return llvm::alignTo(std::max<int64_t>(temporary.bytes, 1), alignment);
}

static bool liveTogether(const Temporary &a, const Temporary &b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Places temporaries in the given order, each at the lowest free offset.
static ArenaPlan place(llvm::ArrayRef<Temporary> temporaries,
                       llvm::ArrayRef<unsigned> order, int64_t alignment) {
  ArenaPlan plan;
  plan.offsets.assign(temporaries.size(), 0);
  llvm::SmallVector<unsigned> done;
  for (unsigned index : order) {
    int64_t bytes = getAlignedBytes(temporaries[index], alignment);
    llvm::SmallVector<Placed> conflicts;
    for (unsigned other : done)
      if (liveTogether(temporaries[other], temporaries[index]))
        conflicts.push_back(
            {plan.offsets[other],
             plan.offsets[other] +
                 getAlignedBytes(temporaries[other], alignment)});
    llvm::sort(conflicts, [](const Placed &a, const Placed &b) {
      return a.begin < b.begin;
    });
    plan.offsets[index] = findGap(conflicts, bytes);
    plan.totalBytes = std::max(plan.totalBytes, plan.offsets[index] + bytes);
    done.push_back(index);
  }
  return plan;
}

ArenaPlan mlir::pdq::planArena(llvm::ArrayRef<Temporary> temporaries,
                               int64_t alignment) {
  using Weight = std::pair<int64_t, int64_t>;
  auto bySize = [](const Temporary &t) { return Weight(-t.bytes, t.first); };
  auto byArea = [](const Temporary &t) {
    return Weight(-t.bytes * (t.last - t.first + 1), t.first);
  };
  auto byLifetime = [](const Temporary &t) {
    return Weight(t.first - t.last, -t.bytes);
  };
  auto byStart = [](const Temporary &t) { return Weight(t.first, -t.bytes); };
  std::optional<ArenaPlan> best;
  for (llvm::function_ref<Weight(const Temporary &)> weigh :
       {llvm::function_ref<Weight(const Temporary &)>(bySize),
        {byArea},
        {byLifetime},
        {byStart}}) {
    llvm::SmallVector<unsigned> order(temporaries.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(weigh(temporaries[a]), a) <
             std::pair(weigh(temporaries[b]), b);
    });
    ArenaPlan plan = place(temporaries, order, alignment);
    if (!best || plan.totalBytes < best->totalBytes)
      best = std::move(plan);
  }
  return std::move(*best);
}
