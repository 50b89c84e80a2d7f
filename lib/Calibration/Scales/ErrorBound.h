// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How large the error of a quantizer is at least, without looking at each
// element.

#ifndef PDQ_LIB_CALIBRATION_SCALES_ERRORBOUND_H
#define PDQ_LIB_CALIBRATION_SCALES_ERRORBOUND_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace mlir::pdq {

/// Norm of the error that init_mse minimizes.
inline constexpr double errorExponent = 2.4;

/// The elements of a tensor, or of one slice of it, in bins of neighbouring
/// values. Bounds hold for the sum over all elements of |x^ - x|^2.4 in exact
/// arithmetic (init_bound).
class ErrorBound {
public:
  /// Values will lie in [lo, hi]; `count` of them are expected.
  ErrorBound(float lo, float hi, int64_t count);

  void add(float value);
  /// Call it once, behind the last value.
  void finish();

  double getCount() const { return counts.back(); }
  /// What clipping to [lo, hi] costs at least; constant time.
  double getClippingBound(double lo, double hi) const;
  /// The same with rounding to multiples of `scale`; linear in the bins.
  double getBound(double lo, double hi, double scale) const;
  /// The error to expect: clipping, and rounding of evenly spread values.
  double estimate(double lo, double hi, double scale) const;

private:
  struct Bin {
    float lo, hi;
    double count = 0, sum = 0;
  };
  size_t findBin(double value) const;

  float lo;
  double binsPerUnit;
  llvm::SmallVector<Bin, 0> bins;
  /// Number and sum of the values in front of each bin, and of all.
  llvm::SmallVector<double, 0> counts, sums;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_SCALES_ERRORBOUND_H
