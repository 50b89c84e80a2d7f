// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What arrays hold and what a network takes: the one place where one becomes
// the other, so that bytes mean the same wherever they are given.

#ifndef PDQ_SUPPORT_FILES_SAMPLES_H
#define PDQ_SUPPORT_FILES_SAMPLES_H

#include "mlir/IR/BuiltinTypes.h"
#include "pdq/Support/Files/Normalization.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/HostTensor.h"

namespace mlir::pdq {

/// How numbers from outside become samples in the layout and element type of a
/// network's input.
///
/// | the network takes | numbers                                              |
/// |-------------------|------------------------------------------------------|
/// | f32, f64          | f32, f64, rounded; or images as bytes, for an input  |
/// |                   | of rank 4                                            |
/// | integers          | integers and booleans that fit                       |
///
/// Images are [N, H, W, C] or [N, C, H, W] whichever the network takes, whose
/// channels are the last dimension if only that one is 1, 3 or 4, else the
/// first.
class SampleForm {
public:
  /// The form of numbers of type `found` and shape `shape` for a network that
  /// takes `inputType` ([N, ...]). Images are normalized with `normalization`,
  /// by default with the statistics of ImageNet for 3 channels and with mean 0
  /// and deviation 1 for others.
  ///
  /// Errors: one line that says what was found and what is expected.
  static llvm::Expected<SampleForm>
  choose(ArrayRef<int64_t> shape, ElementType found, RankedTensorType inputType,
         std::optional<Normalization> normalization);

  /// What was decided about images that the user did not: their layout and
  /// normalization. Empty for what is no image, and where the user said it.
  std::string describeImages() const;

  /// Errors: one line that names a sample with an integer that does not fit;
  /// `first` is the number of the first one in `rows`.
  llvm::Error check(const HostTensor &rows, int64_t first = 0) const;

  /// Samples as the network takes them.
  HostTensor take(HostTensor rows) const;

private:
  explicit SampleForm(ElementType type) : type(type) {}
  llvm::Error takeImages(ArrayRef<int64_t> shape, ArrayRef<int64_t> sample,
                         std::optional<Normalization> given);
  HostTensor normalize(const HostTensor &bytes) const;

  /// The network's.
  ElementType type;
  /// Set for images.
  std::optional<Normalization> normalization;
  bool isNormalizationGiven = false;
  /// Where the channels are, outside and in the network.
  bool isChannelsLast = false, isNetworkChannelsLast = false;
};

/// The samples of a file.
class Samples {
public:
  /// Those of `file`, which has to live as long, for a network that takes
  /// `inputType`. What is decided about images without the user's word is said
  /// on `remarks`.
  ///
  /// Errors: one line, without the file's name.
  static llvm::Expected<Samples>
  create(const NpyFile &file, RankedTensorType inputType,
         std::optional<Normalization> normalization, raw_ostream &remarks);

  int64_t getNumRows() const { return file->getNumRows(); }

  /// `count` samples from `first` on, as the network takes them.
  HostTensor readRows(int64_t first, int64_t count) const {
    return form.take(file->readRows(first, count));
  }

private:
  Samples(const NpyFile &file, SampleForm form)
      : file(&file), form(std::move(form)) {}
  llvm::Error check() const;

  const NpyFile *file;
  SampleForm form;
};

/// The sizes of the samples in `file`, as the option `sample-shape` takes them:
/// "3x32x32". Those of bytes that look like images with channels last come with
/// channels first, as most networks take them.
std::string getSampleSizes(const NpyFile &file);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_SAMPLES_H
