// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From bytes of images to what networks are trained with.

#ifndef PDQ_SUPPORT_FILES_NORMALIZATION_H
#define PDQ_SUPPORT_FILES_NORMALIZATION_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace mlir::pdq {

/// Statistics of normalization, one number a channel:
/// (byte / 255 - mean) / deviation.
struct Normalization {
  SmallVector<float> mean, deviation;
};

/// Reads the options `mean` and `std`: numbers separated by commas, or nothing
/// where both are empty.
///
/// Errors: one line that names the option and what it expects.
llvm::Expected<std::optional<Normalization>>
parseNormalization(StringRef mean, StringRef deviation);

/// The statistics that most networks for colour images are trained with
/// (ImageNet's) for 3 channels, 0 and 1 for others.
Normalization getDefaultNormalization(int64_t channels);

/// Errors: there is not one number a channel.
llvm::Error checkChannels(const Normalization &normalization, size_t channels);

/// "0.485,0.456,0.406"
std::string printNumbers(ArrayRef<float> values);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_NORMALIZATION_H
