// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scales and zero points that a quantizer may get.

#ifndef PDQ_LIB_CALIBRATION_SCALES_SCALECANDIDATES_H
#define PDQ_LIB_CALIBRATION_SCALES_SCALECANDIDATES_H

#include "pdq/Support/HostTensor.h"
#include <optional>

namespace mlir::pdq {

/// Range of one channel; contains 0.
struct ChannelRange {
  float lo = 0, hi = 0;
};

/// Ranges of all channels, and on which side of 0 the whole tensor lies.
struct TensorRanges {
  SmallVector<ChannelRange> channels;
  bool anyNegative = false, anyPositive = false;
};

/// A scale and a zero point.
struct ScaleCandidate {
  float scale;
  int32_t zeroPoint;
};

/// Elements from one index of `axis` to the next.
int64_t getInnerSize(ArrayRef<int64_t> shape, std::optional<int64_t> axis);

/// The ranges of all channels. Failure where there is a NaN or infinity.
FailureOr<TensorRanges> findRanges(const HostTensor &data,
                                   std::optional<int64_t> axis);

/// The quantizers that may be chosen: integers 0 to n, scales and zero points.
class ScaleGrid {
public:
  ScaleGrid(int64_t n, bool powerOfTwo, bool isSymmetric)
      : n(n), powerOfTwo(powerOfTwo), isSymmetric(isSymmetric) {}

  /// The quantizer that covers [lo, hi].
  ScaleCandidate cover(float lo, float hi) const;
  /// init_mse: what is tried for one channel, in order.
  SmallVector<ScaleCandidate> listCandidates(ChannelRange range,
                                             const TensorRanges &all) const;

private:
  float fitScale(float scale) const;

  int64_t n;
  bool powerOfTwo;
  bool isSymmetric;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_SCALES_SCALECANDIDATES_H
