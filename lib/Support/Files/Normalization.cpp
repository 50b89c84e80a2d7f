// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The options `mean` and `std`, and what they are without the user's word.

#include "pdq/Support/Files/Normalization.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

static llvm::Error parseNumbers(StringRef option, StringRef text,
                                SmallVectorImpl<float> &numbers) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    double number;
    if (part.trim().getAsDouble(number) || !std::isfinite(number) ||
        (option == "std" && number <= 0))
      return llvm::createStringError(
          "option '" + option + "' is '" + text + "', expected " +
          (option == "std" ? "positive " : "") +
          "finite numbers, one a channel, such as 0.485,0.456,0.406");
    numbers.push_back(static_cast<float>(number));
  }
  return llvm::Error::success();
}

llvm::Expected<std::optional<Normalization>>
mlir::pdq::parseNormalization(StringRef mean, StringRef deviation) {
  if (mean.empty() && deviation.empty())
    return std::nullopt;
  if (mean.empty() || deviation.empty())
    return llvm::createStringError("options 'mean' and 'std' need each other");
  Normalization result;
  if (llvm::Error error = parseNumbers("mean", mean, result.mean))
    return std::move(error);
  if (llvm::Error error = parseNumbers("std", deviation, result.deviation))
    return std::move(error);
  return result;
}

llvm::Error mlir::pdq::checkChannels(const Normalization &normalization,
                                     size_t channels) {
  for (auto [name, values] : {std::pair("mean", &normalization.mean),
                              std::pair("std", &normalization.deviation)})
    if (values->size() != channels)
      return llvm::createStringError(
          "option '" + StringRef(name) + "' has " + Twine(values->size()) +
          " numbers, expected " + Twine(channels) + ", one a channel");
  return llvm::Error::success();
}

Normalization mlir::pdq::getDefaultNormalization(int64_t channels) {
  if (channels == 3)
    return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  return {SmallVector<float>(channels, 0.0f),
          SmallVector<float>(channels, 1.0f)};
}

std::string mlir::pdq::printNumbers(ArrayRef<float> values) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::interleave(
      values, stream, [&](float value) { stream << llvm::format("%g", value); },
      ",");
  return result;
}
