// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which candidates of a channel are worth a score (init_bound).

#include "ChannelSearch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <limits>

using namespace mlir;
using namespace mlir::pdq;

/// Scores are sums of `count` numbers of f32, in at least 16 parts: a bound
/// that is larger than a score by this factor or less may be of a better
/// candidate.
static double getRoundingMargin(double count) {
  return 1.01 + count / 16 * std::numeric_limits<float>::epsilon();
}

ChannelSearch::ChannelSearch(SmallVector<ScaleCandidate> list,
                             ScaleCandidate initial, const ErrorBound &bound,
                             int64_t n, bool exhaustive)
    : candidates(std::move(list)), initial(initial), bound(bound), n(n),
      exhaustive(exhaustive),
      open(llvm::to_vector(llvm::seq<unsigned>(0, candidates.size()))) {
  SmallVector<double> estimates;
  for (unsigned number : open) {
    auto [lo, hi] = getRange(number);
    estimates.push_back(bound.estimate(lo, hi, candidates[number].scale));
  }
  llvm::sort(open, [&](unsigned a, unsigned b) {
    return estimates[a] != estimates[b] ? estimates[a] > estimates[b] : a < b;
  });
}

/// What the integers 0 to n stand for.
std::pair<double, double> ChannelSearch::getRange(unsigned number) const {
  const ScaleCandidate &candidate = candidates[number];
  double scale = candidate.scale;
  return {-candidate.zeroPoint * scale, (n - candidate.zeroPoint) * scale};
}

/// Cheap bounds first: most candidates clip too much.
bool ChannelSearch::canBeBest(unsigned number) {
  if (exhaustive || bestNumber == none)
    return true;
  auto [lo, hi] = getRange(number);
  double limit = bestScore * getRoundingMargin(bound.getCount());
  return bound.getClippingBound(lo, hi) <= limit &&
         bound.getBound(lo, hi, candidates[number].scale) <= limit;
}

ArrayRef<unsigned> ChannelSearch::takeNext(size_t count) {
  taken.clear();
  while (taken.size() < count && !open.empty())
    if (unsigned number = open.pop_back_val(); canBeBest(number))
      taken.push_back(number);
  return taken;
}

void ChannelSearch::update(unsigned number, float score) {
  if (score > bestScore || (score == bestScore && number >= bestNumber) ||
      !(score < 1e30f))
    return;
  bestScore = score;
  bestNumber = number;
}
