// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Accuracy and difference of outputs.

#include "Metrics.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::pdq;

static std::string printShape(ArrayRef<int64_t> shape) {
  return "[" +
         llvm::join(
             llvm::map_range(shape,
                             [](int64_t size) { return std::to_string(size); }),
             ", ") +
         "]";
}

/// The element at `index` of an output.
static double getValue(const HostTensor &outputs, int64_t index) {
  switch (outputs.getElementType()) {
  case ElementType::F32:
    return outputs.values<float>()[index];
  case ElementType::F64:
    return outputs.values<double>()[index];
  case ElementType::I64:
    return static_cast<double>(outputs.values<int64_t>()[index]);
  case ElementType::I32:
    return outputs.values<int32_t>()[index];
  case ElementType::I8:
    return outputs.values<int8_t>()[index];
  case ElementType::U8:
  case ElementType::I1:
    return outputs.values<uint8_t>()[index];
  }
  llvm_unreachable("unknown element type");
}

/// Index of the first largest of `count` elements from `first` on; -1 where
/// none is a number.
static int64_t findLargest(const HostTensor &outputs, int64_t first,
                           int64_t count) {
  int64_t best = -1;
  for (int64_t i = 0; i < count; ++i) {
    double value = getValue(outputs, first + i);
    if (!std::isnan(value) &&
        (best < 0 || value > getValue(outputs, first + best)))
      best = i;
  }
  return best;
}

static FailureOr<int64_t> getLabel(const HostTensor &labels, int64_t index) {
  switch (labels.getElementType()) {
  case ElementType::U8:
    return labels.values<uint8_t>()[index];
  case ElementType::I8:
    return labels.values<int8_t>()[index];
  case ElementType::I32:
    return labels.values<int32_t>()[index];
  case ElementType::I64:
    return labels.values<int64_t>()[index];
  default:
    return failure();
  }
}

llvm::Error mlir::pdq::checkLabels(const HostTensor &labels, int64_t samples) {
  if (labels.getShape() != ArrayRef(samples))
    return llvm::createStringError(
        "labels have shape " + printShape(labels.getShape()) + ", expected " +
        printShape(samples) + ", one a sample");
  if (failed(getLabel(labels, 0)))
    return llvm::createStringError("labels are of type " +
                                   getName(labels.getElementType()) +
                                   ", expected integers");
  return llvm::Error::success();
}

llvm::Error mlir::pdq::printAccuracy(const HostTensor &outputs,
                                     const HostTensor &labels,
                                     raw_ostream &os) {
  ArrayRef<int64_t> shape = outputs.getShape();
  if (shape.size() != 2)
    return llvm::createStringError("outputs have shape " + printShape(shape) +
                                   ", expected [N, classes] for an accuracy");
  if (llvm::Error error = checkLabels(labels, shape[0]))
    return error;
  int64_t count = shape[0], classes = shape[1], correct = 0;
  for (int64_t i = 0; i < count; ++i) {
    FailureOr<int64_t> label = getLabel(labels, i);
    if (*label < 0 || *label >= classes)
      return llvm::createStringError(
          "label " + std::to_string(*label) + " of sample " +
          std::to_string(i) + " is not in 0 to " + std::to_string(classes - 1));
    correct += findLargest(outputs, i * classes, classes) == *label;
  }
  os << "accuracy: " << llvm::format("%.2f", 100.0 * correct / count) << " % ("
     << correct << " / " << count << ")\n";
  return llvm::Error::success();
}

/// Elements of sample `sample` of an output are from the first to the second.
static std::pair<int64_t, int64_t> getRange(const HostTensor &outputs,
                                            int64_t sample) {
  int64_t width = outputs.getNumElements() / outputs.getShape().front();
  return {sample * width, (sample + 1) * width};
}

void mlir::pdq::remarkNotFinite(ArrayRef<HostTensor> outputs, raw_ostream &os) {
  int64_t count = outputs.front().getShape().front(), bad = 0;
  for (int64_t i = 0; i < count; ++i)
    bad += llvm::any_of(outputs, [&](const HostTensor &output) {
      auto [begin, end] = getRange(output, i);
      return llvm::any_of(llvm::seq(begin, end), [&](int64_t j) {
        return !std::isfinite(getValue(output, j));
      });
    });
  if (bad)
    os << "pdq-run: remark: outputs of " << bad << " of " << count
       << " samples are not finite\n";
}

/// |a - b|; 0 for two NaN or equal infinities, infinity for one NaN.
static double getDifference(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b)))
    return 0;
  double difference = std::abs(a - b);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                : difference;
}

namespace {
/// What two networks' values of one output have in common.
struct OutputComparison {
  OutputComparison(const HostTensor &outputs, const HostTensor &others);
  void print(raw_ostream &os, StringRef separator) const;

  double largest = 0;
  /// Whether the index of the largest element agrees, sample by sample.
  SmallVector<bool> agrees;
};
} // namespace

OutputComparison::OutputComparison(const HostTensor &outputs,
                                   const HostTensor &others) {
  for (int64_t i = 0; i < outputs.getNumElements(); ++i)
    largest = std::max(
        largest, getDifference(getValue(outputs, i), getValue(others, i)));
  for (int64_t i = 0; i < outputs.getShape().front(); ++i) {
    auto [begin, end] = getRange(outputs, i);
    agrees.push_back(findLargest(outputs, begin, end - begin) ==
                     findLargest(others, begin, end - begin));
  }
}

void OutputComparison::print(raw_ostream &os, StringRef separator) const {
  os << "max difference: " << llvm::format("%.9g", largest) << separator
     << "agreement: "
     << llvm::format("%.2f", 100.0 * llvm::count(agrees, true) / agrees.size())
     << " %\n";
}

static llvm::Error checkTypes(ArrayRef<HostTensor> outputs,
                              ArrayRef<HostTensor> others) {
  if (outputs.size() != others.size())
    return llvm::createStringError("networks have " + Twine(outputs.size()) +
                                   " and " + Twine(others.size()) +
                                   " outputs, expected as many");
  for (auto [output, other] : llvm::zip_equal(outputs, others))
    if (output.getShape() != other.getShape() ||
        output.getElementType() != other.getElementType())
      return llvm::createStringError(
          "outputs are " + getName(output.getElementType()) + " " +
          printShape(output.getShape()) + " and " +
          getName(other.getElementType()) + " " + printShape(other.getShape()) +
          ", expected two of one type");
  return llvm::Error::success();
}

llvm::Error mlir::pdq::printComparison(ArrayRef<HostTensor> outputs,
                                       ArrayRef<HostTensor> others,
                                       raw_ostream &os) {
  if (llvm::Error error = checkTypes(outputs, others))
    return error;
  std::optional<OutputComparison> all;
  for (auto [number, output] : llvm::enumerate(outputs)) {
    OutputComparison one(output, others[number]);
    if (outputs.size() > 1) {
      os << "output " << number << ": ";
      one.print(os, ", ");
    }
    if (!all) {
      all = one;
      continue;
    }
    all->largest = std::max(all->largest, one.largest);
    for (auto [sample, agrees] : llvm::enumerate(one.agrees))
      all->agrees[sample] = all->agrees[sample] && agrees;
  }
  all->print(os, "\n");
  return llvm::Error::success();
}
