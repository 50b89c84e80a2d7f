// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The samples that initialize activation quantizers, and what makes a
// calibration set a bad one.

#include "pdq/Calibration/Data/ScaleSamples.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstring>
#include <map>

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Draw
//===----------------------------------------------------------------------===//

static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  return x ^ (x >> 16);
}

/// random_1 for step 0 of the stream of all ones, which no region has.
static uint32_t draw(uint64_t seed, uint32_t index) {
  uint32_t key = mix(static_cast<uint32_t>(seed) + 0x9e3779b9);
  key = mix(key ^ static_cast<uint32_t>(seed >> 32));
  key = mix(key + UINT32_MAX);
  uint32_t first = mix(key), second = mix(first + 0x85ebca6b);
  return mix(mix(index ^ first) + second);
}

SmallVector<int64_t> mlir::pdq::drawScaleSamples(int64_t samples, int64_t count,
                                                 uint64_t seed) {
  SmallVector<int64_t> drawn;
  for (int64_t i = 0; i < count; ++i) {
    int64_t begin = i * samples / count, end = (i + 1) * samples / count;
    uint64_t number = draw(seed, static_cast<uint32_t>(i));
    drawn.push_back(begin +
                    static_cast<int64_t>((number * (end - begin)) >> 32));
  }
  return drawn;
}

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

/// Whether the bytes are one element of `width` bytes again and again.
static bool isOneElement(const char *bytes, size_t size, size_t width) {
  return size <= width || std::memcmp(bytes, bytes + width, size - width) == 0;
}

static void remarkInput(const InputData &data, int64_t batch) {
  int64_t samples = data.samples.getShape().front();
  size_t bytes = data.samples.getNumBytes() / samples;
  size_t width = getByteSize(data.samples.getElementType());
  auto begin = static_cast<const char *>(data.samples.data());
  if (samples > 1 && isOneElement(begin, samples * bytes, bytes)) {
    emitRemark(data.loc) << "all " << samples
                         << " calibration samples are equal; scales and "
                            "rounding are learned from one sample";
    return;
  }
  if (bytes <= width)
    return;
  for (int64_t first = 0; first + batch <= samples; first += batch)
    if (isOneElement(begin + first * bytes, batch * bytes, width)) {
      emitRemark(data.loc) << "samples " << first << " to " << first + batch - 1
                           << ", a mini-batch, are constant: all elements have "
                              "one value";
      return;
    }
}

void mlir::pdq::remarkSamples(const CalibrationData &data, int64_t batch) {
  for (const InputData &input : data.inputs)
    remarkInput(input, batch);
}

//===----------------------------------------------------------------------===//
// Order of classes
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> getClasses(const HostTensor &logits) {
  int64_t samples = logits.getShape()[0], classes = logits.getShape()[1];
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < samples; ++i) {
    ArrayRef<float> row = logits.values<float>().slice(i * classes, classes);
    result.push_back(llvm::max_element(row) - row.begin());
  }
  return result;
}

/// How many neighbours have one class, and how many would in random order.
struct Neighbours {
  int64_t equal = 0;
  double expected = 0;

  explicit Neighbours(ArrayRef<int64_t> classes) {
    double samples = classes.size();
    std::map<int64_t, int64_t> counts;
    for (auto [i, number] : llvm::enumerate(classes)) {
      ++counts[number];
      equal += i > 0 && number == classes[i - 1];
    }
    for (auto [number, count] : counts)
      expected += count * (count - 1.0) / samples;
  }
  /// Five standard deviations of a random order, and two neighbours.
  bool isGrouped(double samples) const {
    double part = expected / (samples - 1);
    return equal > expected + 5 * std::sqrt(expected * (1 - part)) + 2;
  }
};

/// Correlation of a sample's class with its number.
static double correlate(ArrayRef<int64_t> classes) {
  double n = classes.size(), meanClass = 0;
  for (int64_t number : classes)
    meanClass += number / n;
  double both = 0, ofClass = 0, ofPlace = 0;
  for (auto [i, number] : llvm::enumerate(classes)) {
    double place = i - (n - 1) / 2, gap = number - meanClass;
    both += place * gap;
    ofClass += gap * gap;
    ofPlace += place * place;
  }
  return ofClass > 0 ? both / std::sqrt(ofClass * ofPlace) : 0;
}

void mlir::pdq::remarkClassOrder(const HostTensor &logits, bool first,
                                 Location loc) {
  SmallVector<int64_t> classes = getClasses(logits);
  // Few samples are in some order by chance.
  if (classes.size() < 16)
    return;
  if (llvm::all_equal(classes)) {
    emitRemark(loc) << "the float network predicts class " << classes.front()
                    << " for all " << classes.size() << " calibration samples";
    return;
  }
  Neighbours neighbours(classes);
  bool isSorted =
      std::abs(correlate(classes)) * std::sqrt(classes.size() - 1.0) > 5;
  if (!isSorted && !neighbours.isGrouped(classes.size()))
    return;
  emitRemark(loc)
      << "calibration samples come " << (isSorted ? "sorted" : "grouped")
      << " by class, as the float network predicts it: " << neighbours.equal
      << " of " << classes.size() - 1 << " neighbours have one class, "
      << std::llround(neighbours.expected) << " would in random order"
      << (first ? "; scales are taken from the first classes alone, take "
                  "scale-samples=spread or shuffle the samples"
                : "");
}
