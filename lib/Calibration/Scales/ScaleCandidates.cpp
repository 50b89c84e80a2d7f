// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scales and zero points that a quantizer may get (init_minmax, init_mse,
// init_symmetric, init_pow2).

#include "ScaleCandidates.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Widths tried.
static constexpr int numWidths = 100;

int64_t mlir::pdq::getInnerSize(ArrayRef<int64_t> shape,
                                std::optional<int64_t> axis) {
  return axis ? ShapedType::getNumElements(shape.drop_front(*axis + 1)) : 1;
}

FailureOr<TensorRanges> mlir::pdq::findRanges(const HostTensor &data,
                                              std::optional<int64_t> axis) {
  int64_t inner = getInnerSize(data.getShape(), axis);
  int64_t channels = axis ? data.getShape()[*axis] : 1;
  TensorRanges ranges;
  ranges.channels.resize(channels);
  for (auto [i, value] : llvm::enumerate(data.values<float>())) {
    if (!std::isfinite(value))
      return failure();
    ChannelRange &range = ranges.channels[axis ? i / inner % channels : 0];
    range.lo = std::min(range.lo, value);
    range.hi = std::max(range.hi, value);
    ranges.anyNegative |= value < 0;
    ranges.anyPositive |= value > 0;
  }
  return ranges;
}

/// init_pow2: the next power of two, which covers as much.
float ScaleGrid::fitScale(float scale) const {
  scale = std::max(scale, 1e-8f);
  return powerOfTwo ? std::exp2(std::ceil(std::log2(scale))) : scale;
}

/// init_minmax, or init_symmetric.
ScaleCandidate ScaleGrid::cover(float lo, float hi) const {
  lo = std::min(lo, 0.0f);
  hi = std::max(hi, 0.0f);
  if (isSymmetric) {
    int32_t middle = (n + 1) / 2;
    return {fitScale(std::max(-lo / middle, hi / (n - middle))), middle};
  }
  float scale = fitScale((hi - lo) / n);
  float zeroPoint =
      std::clamp(-std::nearbyint(lo / scale), 0.0f, static_cast<float>(n));
  return {scale, static_cast<int32_t>(zeroPoint)};
}

SmallVector<ScaleCandidate>
ScaleGrid::listCandidates(ChannelRange range, const TensorRanges &all) const {
  SmallVector<ScaleCandidate> candidates;
  bool twoSided = all.anyNegative && all.anyPositive;
  for (int i = 1; i <= numWidths; ++i) {
    if (isSymmetric) {
      candidates.push_back(
          cover(range.lo * i / numWidths, range.hi * i / numWidths));
      continue;
    }
    if (!twoSided) {
      float reach = std::max(-range.lo, range.hi) * i / numWidths;
      candidates.push_back(all.anyNegative ? cover(-reach, 0)
                                           : cover(0, reach));
      continue;
    }
    float width = (range.hi - range.lo) * i / numWidths;
    for (int64_t z = 0; z <= n; ++z) {
      float lo = -z * width / n;
      candidates.push_back(cover(lo, width + lo));
    }
  }
  return candidates;
}
