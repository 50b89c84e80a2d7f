// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounds on the error of a quantizer, from sums over bins (init_bound).

#include "ErrorBound.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

static constexpr int64_t mostBins = 4096;

/// The mean of |x^ - x|^2.4 for values that are spread evenly over a step of 1:
/// the errors are spread evenly from 0 to 1/2, so (1/2)^2.4 / 3.4.
static constexpr double evenError = 0.0557;

ErrorBound::ErrorBound(float lo, float hi, int64_t count) : lo(lo) {
  int64_t size = std::clamp<int64_t>(count, 1, mostBins);
  binsPerUnit = hi > lo ? size / (double(hi) - lo) : 0;
  bins.resize(size, {INFINITY, -INFINITY});
}

size_t ErrorBound::findBin(double value) const {
  double place = (value - lo) * binsPerUnit;
  return static_cast<size_t>(
      std::clamp(place, 0.0, static_cast<double>(bins.size() - 1)));
}

void ErrorBound::add(float value) {
  Bin &bin = bins[findBin(value)];
  bin.lo = std::min(bin.lo, value);
  bin.hi = std::max(bin.hi, value);
  bin.count += 1;
  bin.sum += value;
}

void ErrorBound::finish() {
  llvm::erase_if(bins, [](const Bin &bin) { return bin.count == 0; });
  counts.assign(1, 0);
  sums.assign(1, 0);
  for (const Bin &bin : bins) {
    counts.push_back(counts.back() + bin.count);
    sums.push_back(sums.back() + bin.sum);
  }
}

/// `count` values of mean `distance` from where they are clipped to: x^2.4 is
/// convex, so they cost as much as if all were at their mean (Jensen).
static double boundByMean(double count, double distance) {
  return count > 0 && distance > 0 ? count * std::pow(distance, errorExponent)
                                   : 0;
}

double ErrorBound::getClippingBound(double lo, double hi) const {
  auto above =
      std::partition_point(bins.begin(), bins.end(),
                           [&](const Bin &bin) { return bin.lo <= hi; }) -
      bins.begin();
  auto below =
      std::partition_point(bins.begin(), bins.end(),
                           [&](const Bin &bin) { return bin.hi < lo; }) -
      bins.begin();
  double numAbove = counts.back() - counts[above];
  double numBelow = counts[below];
  double meanAbove = numAbove > 0 ? (sums.back() - sums[above]) / numAbove : 0;
  double meanBelow = numBelow > 0 ? sums[below] / numBelow : 0;
  return boundByMean(numAbove, meanAbove - hi) +
         boundByMean(numBelow, lo - meanBelow);
}

/// The distance of [lo, hi] from the next integer.
static double getDistance(double lo, double hi) {
  double floor = std::floor(lo);
  if (hi >= floor + 1 || lo == floor)
    return 0;
  auto fromNext = [&](double x) { return std::min(x - floor, floor + 1 - x); };
  return std::min(fromNext(lo), fromNext(hi));
}

double ErrorBound::getBound(double lo, double hi, double scale) const {
  double squares = 0, inverse = 1 / scale;
  for (const Bin &bin : bins) {
    double distance =
        bin.lo > hi   ? bin.lo - hi
        : bin.hi < lo ? lo - bin.hi
        : bin.lo < lo || bin.hi > hi
            ? 0
            : scale * getDistance(bin.lo * inverse, bin.hi * inverse);
    squares += bin.count * distance * distance;
  }
  // Means of higher powers are larger.
  double count = counts.back();
  return count * std::pow(squares / count, errorExponent / 2);
}

double ErrorBound::estimate(double lo, double hi, double scale) const {
  return getClippingBound(lo, hi) +
         counts.back() * evenError * std::pow(scale, errorExponent);
}
