// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file holds and what a network takes: bytes of images, channels last,
// against normalized floats, channels first.

#ifndef PDQ_RUN_SAMPLES_H
#define PDQ_RUN_SAMPLES_H

#include "mlir/IR/BuiltinTypes.h"
#include "pdq/IO/Npy.h"
#include <optional>

namespace mlir::pdq {

/// Per-channel statistics of normalization: (byte / 255 - mean) / deviation.
struct Normalization {
  SmallVector<float> mean, deviation;
};

/// Samples of a file in the layout of a network's input.
class Samples {
public:
  /// Samples of `file` for a network that takes `inputType` ([N, ...]). Bytes
  /// for an input of rank 4, [N, C, H, W], are images: the file is [N, H, W, C]
  /// or [N, C, H, W]. They are normalized with `normalization`, by default
  /// with the statistics of ImageNet for 3 channels and with mean 0 and
  /// deviation 1 for others; a remark on `remarks` says so.
  ///
  /// Errors: one line that names expected and found shape.
  static llvm::Expected<Samples>
  create(const NpyFile &file, RankedTensorType inputType,
         std::optional<Normalization> normalization, raw_ostream &remarks);

  int64_t getNumRows() const { return file->getNumRows(); }

  /// `count` samples from `first` on; f32 [count, C, H, W] for images, else the
  /// elements of the file.
  HostTensor readRows(int64_t first, int64_t count) const;

private:
  Samples(const NpyFile &file) : file(&file) {}
  HostTensor normalize(const HostTensor &bytes) const;

  const NpyFile *file;
  /// Set for images.
  std::optional<Normalization> normalization;
  bool isChannelsLast = false;
};

} // namespace mlir::pdq

#endif // PDQ_RUN_SAMPLES_H
