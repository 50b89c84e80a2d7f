// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which candidates of a channel are worth a score.

#ifndef PDQ_LIB_CALIBRATION_SCALES_CHANNELSEARCH_H
#define PDQ_LIB_CALIBRATION_SCALES_CHANNELSEARCH_H

#include "ErrorBound.h"
#include "ScaleCandidates.h"

namespace mlir::pdq {

/// The candidates of one channel: which may be the best one, and which is.
class ChannelSearch {
public:
  ChannelSearch(SmallVector<ScaleCandidate> candidates, ScaleCandidate initial,
                const ErrorBound &bound, int64_t n, bool exhaustive);

  /// The candidates to score next, at most `count`; none where the best one is
  /// known.
  ArrayRef<unsigned> takeNext(size_t count);
  /// Takes in the score of a candidate; of equal ones the first in the list is
  /// better.
  void update(unsigned number, float score);

  const ScaleCandidate &getCandidate(unsigned number) const {
    return candidates[number];
  }
  const ScaleCandidate &getBest() const {
    return bestNumber == none ? initial : candidates[bestNumber];
  }

private:
  static constexpr unsigned none = ~0u;
  bool canBeBest(unsigned number);
  std::pair<double, double> getRange(unsigned number) const;

  SmallVector<ScaleCandidate> candidates;
  ScaleCandidate initial;
  const ErrorBound &bound;
  int64_t n;
  bool exhaustive;
  /// Candidates that were not scored, the most promising ones last.
  SmallVector<unsigned> open;
  SmallVector<unsigned> taken;
  unsigned bestNumber = none;
  float bestScore = 1e30f;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_SCALES_CHANNELSEARCH_H
