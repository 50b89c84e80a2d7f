// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device images that are made once: from the cache on disk where they are in
// it, else from the code generator and the assembler.

#ifndef PDQ_RUNTIME_CUDA_IMAGESTORE_H
#define PDQ_RUNTIME_CUDA_IMAGESTORE_H

#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "pdq/Runtime/CUDA/PTXAssembler.h"
#include "pdq/Support/Files/ContentCache.h"

namespace mlir::pdq {

/// Makes the images of one device.
class ImageStore {
public:
  ImageStore(Chip chip, ImageForm form, StringRef math, ContentCache cache)
      : chip(std::move(chip)), form(form), math(math), cache(std::move(cache)) {
  }

  /// From now on images of PTX have machine code too.
  void useAssembler(PTXAssembler chosen) { assembler = std::move(chosen); }
  /// From now on they have none again.
  void dropAssembler() { assembler.reset(); }
  bool hasAssembler() const { return assembler.has_value(); }

  /// As `compileKernels`. What is wrong with the cache or the assembler is a
  /// remark of the image; the image is there without them.
  llvm::Expected<DeviceImage> get(ArrayRef<std::string> kernels);

  /// Calls of the code generator and of the assembler so far.
  struct Work {
    unsigned compiled = 0, assembled = 0;
  };
  Work getWork() const { return work; }

private:
  llvm::Expected<DeviceImage> getText(ArrayRef<std::string> kernels,
                                      SmallVectorImpl<std::string> &remarks);
  std::string getObject(StringRef ptx, SmallVectorImpl<std::string> &remarks);
  void keep(StringRef key, StringRef contents,
            SmallVectorImpl<std::string> &remarks);
  std::optional<std::string> find(StringRef key,
                                  SmallVectorImpl<std::string> &remarks);

  Chip chip;
  ImageForm form;
  std::string math;
  ContentCache cache;
  std::optional<PTXAssembler> assembler;
  Work work;
};

/// An image as bytes, without its machine code, and back; nothing where the
/// bytes are no image.
std::string writeImage(const DeviceImage &image);
std::optional<DeviceImage> readImage(StringRef bytes);

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CUDA_IMAGESTORE_H
