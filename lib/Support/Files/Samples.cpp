// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes and element types of samples, and the layout of images.

#include "pdq/Support/Files/Samples.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <limits>

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

/// A shape of samples: "[N, 3, 32, 32]".
static std::string printSampleShape(ArrayRef<int64_t> sample) {
  std::string result = "[N";
  for (int64_t size : sample)
    result += ", " + std::to_string(size);
  return result + "]";
}

static llvm::Error makeShapeError(ArrayRef<int64_t> shape,
                                  const Twine &expected) {
  std::string found;
  llvm::raw_string_ostream stream(found);
  llvm::interleaveComma(shape, stream);
  return llvm::createStringError("samples have shape [" + found +
                                 "], expected " + expected +
                                 " with N at least 1");
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// Whether `shape` is that of one or more such samples.
static bool isShapeOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> sample) {
  return shape.size() == sample.size() + 1 && shape.front() > 0 &&
         shape.drop_front() == sample;
}

static bool isFloat(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F64;
}

/// Whether the last dimension of a sample looks like channels and the first one
/// does not, as in networks of TensorFlow.
static bool looksChannelsLast(ArrayRef<int64_t> sample) {
  auto isUsual = [](int64_t size) {
    return size == 1 || size == 3 || size == 4;
  };
  return isUsual(sample.back()) && !isUsual(sample.front());
}

llvm::Error SampleForm::takeImages(ArrayRef<int64_t> shape,
                                   ArrayRef<int64_t> sample,
                                   std::optional<Normalization> given) {
  isNetworkChannelsLast = looksChannelsLast(sample);
  int64_t channels = isNetworkChannelsLast ? sample[2] : sample[0];
  ArrayRef<int64_t> pixels = sample.drop_front(isNetworkChannelsLast ? 0 : 1);
  int64_t last[] = {pixels[0], pixels[1], channels};
  int64_t first[] = {channels, pixels[0], pixels[1]};
  isChannelsLast = isShapeOf(shape, last);
  bool isFirst = isShapeOf(shape, first);
  if (!isChannelsLast && !isFirst)
    return makeShapeError(shape, printSampleShape(last) + " or " +
                                     printSampleShape(first));
  if (isChannelsLast && isFirst && channels > 1)
    return llvm::createStringError(
        "bytes of shape " + printSampleShape(last) +
        " are images with channels first or last; give normalized f32");
  isNormalizationGiven = given.has_value();
  normalization = given ? *given : getDefaultNormalization(channels);
  return checkChannels(*normalization, channels);
}

/// The range of integers of a type.
static std::pair<int64_t, int64_t> getRange(ElementType type) {
  switch (type) {
  case ElementType::I1:
    return {0, 1};
  case ElementType::I8:
    return {-128, 127};
  case ElementType::U8:
    return {0, 255};
  case ElementType::I32:
    return {std::numeric_limits<int32_t>::min(),
            std::numeric_limits<int32_t>::max()};
  default:
    return {std::numeric_limits<int64_t>::min(),
            std::numeric_limits<int64_t>::max()};
  }
}

/// Calls `visit` with the elements of `tensor`, as a range of its own type.
template <typename VisitT>
static void visitElements(const HostTensor &tensor, VisitT visit) {
  switch (tensor.getElementType()) {
  case ElementType::I1:
  case ElementType::U8:
    return visit(tensor.values<uint8_t>());
  case ElementType::I8:
    return visit(tensor.values<int8_t>());
  case ElementType::I32:
    return visit(tensor.values<int32_t>());
  case ElementType::I64:
    return visit(tensor.values<int64_t>());
  case ElementType::F32:
    return visit(tensor.values<float>());
  case ElementType::F64:
    return visit(tensor.values<double>());
  }
}

/// Checks that the network's `type` holds all integers of `rows`.
static llvm::Error checkIntegers(const HostTensor &rows, ElementType type,
                                 int64_t first) {
  std::pair<int64_t, int64_t> range = getRange(type);
  std::optional<int64_t> place, wrong;
  visitElements(rows, [&](auto values) {
    for (auto [i, value] : llvm::enumerate(values)) {
      auto number = static_cast<int64_t>(value);
      if (wrong || (number >= range.first && number <= range.second))
        continue;
      place = i;
      wrong = number;
    }
  });
  if (!wrong)
    return llvm::Error::success();
  int64_t perSample = rows.getNumElements() / rows.getShape().front();
  return llvm::createStringError(
      "sample " + Twine(first + *place / perSample) + " contains " +
      Twine(*wrong) + ", expected " + Twine(range.first) + " to " +
      Twine(range.second) + ", what " + getName(type) + " holds");
}

/// Checks that numbers of type `found` can be samples of type `type`.
static llvm::Error checkTypes(ElementType found, ElementType type,
                              int64_t rank) {
  if (isFloat(type) == isFloat(found))
    return llvm::Error::success();
  if (!isFloat(type))
    return llvm::createStringError("samples are " + getName(found) +
                                   ", expected integers, since the network "
                                   "takes " +
                                   getName(type));
  return llvm::createStringError(
      "samples are " + getName(found) +
      (found == ElementType::U8
           ? ", which are images, but the network's input has rank " +
                 std::to_string(rank) + " and not 4"
           : std::string()) +
      "; expected f32 or f64, as the network was trained with");
}

llvm::Expected<SampleForm>
SampleForm::choose(ArrayRef<int64_t> shape, ElementType found,
                   RankedTensorType inputType,
                   std::optional<Normalization> normalization) {
  FailureOr<ElementType> type = getElementType(inputType.getElementType());
  if (failed(type) || inputType.getRank() == 0)
    return llvm::createStringError(
        "the network's input has no type that arrays have");
  SampleForm form(*type);
  ArrayRef<int64_t> sample = inputType.getShape().drop_front();
  if (isFloat(*type) && found == ElementType::U8 && sample.size() == 3) {
    if (llvm::Error error = form.takeImages(shape, sample, normalization))
      return std::move(error);
    return form;
  }
  if (normalization)
    return llvm::createStringError(
        "options 'mean' and 'std' are for images of type ui8, found " +
        getName(found) + " and an input of rank " + Twine(inputType.getRank()));
  if (llvm::Error error = checkTypes(found, *type, inputType.getRank()))
    return std::move(error);
  if (!isShapeOf(shape, sample))
    return makeShapeError(shape, printSampleShape(sample));
  return form;
}

std::string SampleForm::describeImages() const {
  if (!normalization || isNormalizationGiven)
    return {};
  return std::string("bytes are taken as images ") +
         (isChannelsLast ? "[N, H, W, C]" : "[N, C, H, W]") +
         " and normalized with mean=" + printNumbers(normalization->mean) +
         " and std=" + printNumbers(normalization->deviation);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

template <typename To>
static void copyTo(HostTensor &to, const HostTensor &from) {
  visitElements(from, [&](auto values) {
    llvm::transform(values, to.values<To>().begin(),
                    [](auto value) { return static_cast<To>(value); });
  });
}

/// The same numbers as elements of `type`.
static HostTensor convert(HostTensor rows, ElementType type) {
  if (rows.getElementType() == type)
    return rows;
  HostTensor result(rows.getShape(), type);
  switch (type) {
  case ElementType::I1:
  case ElementType::U8:
    copyTo<uint8_t>(result, rows);
    break;
  case ElementType::I8:
    copyTo<int8_t>(result, rows);
    break;
  case ElementType::I32:
    copyTo<int32_t>(result, rows);
    break;
  case ElementType::I64:
    copyTo<int64_t>(result, rows);
    break;
  case ElementType::F32:
    copyTo<float>(result, rows);
    break;
  case ElementType::F64:
    copyTo<double>(result, rows);
    break;
  }
  return result;
}

llvm::Error SampleForm::check(const HostTensor &rows, int64_t first) const {
  if (isFloat(type))
    return llvm::Error::success();
  return checkIntegers(rows, type, first);
}

HostTensor SampleForm::take(HostTensor rows) const {
  return convert(normalization ? normalize(rows) : std::move(rows), type);
}

namespace {
/// Images in memory, with either order of dimensions.
struct ImageLayout {
  ImageLayout(int64_t channels, int64_t pixels, bool isChannelsLast)
      : channelStride(isChannelsLast ? 1 : pixels),
        pixelStride(isChannelsLast ? channels : 1) {}
  int64_t channelStride, pixelStride;
};
} // namespace

HostTensor SampleForm::normalize(const HostTensor &bytes) const {
  ArrayRef<int64_t> from = bytes.getShape();
  int64_t channels = isChannelsLast ? from[3] : from[1];
  int64_t height = from[isChannelsLast ? 1 : 2];
  int64_t width = from[isChannelsLast ? 2 : 3];
  int64_t pixels = height * width;
  SmallVector<int64_t> shape = {from[0], channels, height, width};
  if (isNetworkChannelsLast)
    shape = {from[0], height, width, channels};
  HostTensor result(shape, ElementType::F32);
  ImageLayout in(channels, pixels, isChannelsLast);
  ImageLayout out(channels, pixels, isNetworkChannelsLast);
  for (int64_t n = 0; n < from[0]; ++n) {
    const uint8_t *source =
        bytes.values<uint8_t>().data() + n * channels * pixels;
    float *target = result.values<float>().data() + n * channels * pixels;
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p) {
        float value =
            source[p * in.pixelStride + c * in.channelStride] / 255.0f;
        target[p * out.pixelStride + c * out.channelStride] =
            (value - normalization->mean[c]) / normalization->deviation[c];
      }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

std::string mlir::pdq::getSampleSizes(const NpyFile &file) {
  SmallVector<int64_t> sizes(file.getShape());
  if (!sizes.empty())
    sizes.erase(sizes.begin());
  if (file.getElementType() == ElementType::U8 && sizes.size() == 3 &&
      looksChannelsLast(sizes))
    std::rotate(sizes.begin(), sizes.end() - 1, sizes.end());
  return llvm::join(
      llvm::map_range(sizes, [](int64_t size) { return std::to_string(size); }),
      "x");
}

llvm::Error Samples::check() const {
  constexpr int64_t atOnce = 1024;
  for (int64_t first = 0; first < getNumRows(); first += atOnce) {
    int64_t count = std::min(atOnce, getNumRows() - first);
    if (llvm::Error error = form.check(file->readRows(first, count), first))
      return error;
  }
  return llvm::Error::success();
}

llvm::Expected<Samples>
Samples::create(const NpyFile &file, RankedTensorType inputType,
                std::optional<Normalization> normalization,
                raw_ostream &remarks) {
  auto form = SampleForm::choose(file.getShape(), file.getElementType(),
                                 inputType, std::move(normalization));
  if (!form)
    return form.takeError();
  if (std::string text = form->describeImages(); !text.empty())
    remarks << "pdq-run: remark: " << text << "\n";
  Samples samples(file, std::move(*form));
  if (llvm::Error error = samples.check())
    return std::move(error);
  return samples;
}
