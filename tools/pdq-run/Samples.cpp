// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of samples, and the normalization of images.

#include "Samples.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// A shape of samples: "[N, 3, 32, 32]".
static std::string printSampleShape(ArrayRef<int64_t> sample) {
  std::string result = "[N";
  for (int64_t size : sample)
    result += ", " + std::to_string(size);
  return result + "]";
}

static std::string printList(ArrayRef<float> values) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::interleave(
      values, stream, [&](float value) { stream << llvm::format("%g", value); },
      ",");
  return result;
}

/// Whether `file` holds samples of this shape.
static bool hasSampleShape(const NpyFile &file, ArrayRef<int64_t> sample) {
  ArrayRef<int64_t> found = file.getShape();
  return found.size() == sample.size() + 1 && found.front() > 0 &&
         found.drop_front() == sample;
}

static llvm::Error makeShapeError(const NpyFile &file, const Twine &expected) {
  std::string found;
  llvm::raw_string_ostream stream(found);
  llvm::interleaveComma(file.getShape(), stream);
  return llvm::createStringError("samples have shape [" + found +
                                 "], expected " + expected +
                                 " with N at least 1");
}

/// Checks that there is one positive deviation and one mean a channel.
static llvm::Error checkNormalization(const Normalization &normalization,
                                      int64_t channels) {
  auto check = [&](StringRef name, ArrayRef<float> values) -> llvm::Error {
    if (static_cast<int64_t>(values.size()) == channels)
      return llvm::Error::success();
    return llvm::createStringError(
        "option '" + name + "' has " + Twine(values.size()) +
        " numbers, expected " + Twine(channels) + ", one a channel");
  };
  if (llvm::Error error = check("mean", normalization.mean))
    return error;
  if (llvm::Error error = check("std", normalization.deviation))
    return error;
  for (float deviation : normalization.deviation)
    if (!std::isfinite(deviation) || deviation <= 0)
      return llvm::createStringError("option 'std' has the number " +
                                     printList(deviation) +
                                     ", expected positive finite numbers");
  for (float mean : normalization.mean)
    if (!std::isfinite(mean))
      return llvm::createStringError("option 'mean' has the number " +
                                     printList(mean) +
                                     ", expected finite numbers");
  return llvm::Error::success();
}

/// The statistics that most networks for colour images are trained with.
static Normalization getDefaultNormalization(int64_t channels) {
  if (channels == 3)
    return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  return {SmallVector<float>(channels, 0.0f),
          SmallVector<float>(channels, 1.0f)};
}

llvm::Expected<Samples>
Samples::create(const NpyFile &file, RankedTensorType inputType,
                std::optional<Normalization> normalization,
                raw_ostream &remarks) {
  Samples samples(file);
  ArrayRef<int64_t> sample = inputType.getShape().drop_front();
  if (file.getElementType() != ElementType::U8 || sample.size() != 3) {
    if (normalization)
      return llvm::createStringError(
          "options 'mean' and 'std' are for images of type ui8, found " +
          getName(file.getElementType()) + " and an input of rank " +
          Twine(inputType.getRank()));
    if (!hasSampleShape(file, sample))
      return makeShapeError(file, printSampleShape(sample));
    return samples;
  }
  int64_t channelsLast[] = {sample[1], sample[2], sample[0]};
  samples.isChannelsLast = hasSampleShape(file, channelsLast);
  if (!samples.isChannelsLast && !hasSampleShape(file, sample))
    return makeShapeError(file, printSampleShape(channelsLast) + " or " +
                                    printSampleShape(sample));
  samples.normalization =
      normalization ? *normalization : getDefaultNormalization(sample[0]);
  if (llvm::Error error = checkNormalization(*samples.normalization, sample[0]))
    return error;
  if (!normalization)
    remarks << "pdq-run: remark: bytes are taken as images "
            << (samples.isChannelsLast ? "[N, H, W, C]" : "[N, C, H, W]")
            << " and normalized with mean="
            << printList(samples.normalization->mean)
            << " and std=" << printList(samples.normalization->deviation)
            << "\n";
  return samples;
}

HostTensor Samples::readRows(int64_t first, int64_t count) const {
  HostTensor rows = file->readRows(first, count);
  return normalization ? normalize(rows) : std::move(rows);
}

HostTensor Samples::normalize(const HostTensor &bytes) const {
  ArrayRef<int64_t> from = bytes.getShape();
  int64_t channels = isChannelsLast ? from[3] : from[1];
  int64_t height = isChannelsLast ? from[1] : from[2];
  int64_t width = isChannelsLast ? from[2] : from[3];
  int64_t pixels = height * width;
  HostTensor result({from[0], channels, height, width}, ElementType::F32);
  int64_t pixelStride = isChannelsLast ? channels : 1;
  int64_t channelStride = isChannelsLast ? 1 : pixels;
  const uint8_t *source = bytes.values<uint8_t>().data();
  float *target = result.values<float>().data();
  for (int64_t n = 0; n < from[0]; ++n, source += channels * pixels)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p) {
        float value = source[p * pixelStride + c * channelStride] / 255.0f;
        *target++ =
            (value - normalization->mean[c]) / normalization->deviation[c];
      }
  return result;
}
