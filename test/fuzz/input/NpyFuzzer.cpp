// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Array files: the header, and rows from anywhere.

#include "FuzzerOptions.h"
#include "pdq/Support/Files/Npy.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir::pdq;

/// A sum that the compiler cannot leave out: every byte is read.
static void touch(const HostTensor &tensor) {
  static volatile uint8_t sum = 0;
  const auto *bytes = static_cast<const uint8_t *>(tensor.data());
  for (size_t i = 0; i < tensor.getNumBytes(); ++i)
    sum = sum + bytes[i];
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto file = NpyFile::create(
      llvm::MemoryBuffer::getMemBufferCopy(getInput(data, size), "input.npy"));
  if (!file) {
    llvm::consumeError(file.takeError());
    return 0;
  }
  int64_t rows = file->getNumRows();
  touch(file->readRows(0, rows));
  if (rows > 1 && !file->getShape().empty())
    touch(file->readRows(rows / 2, rows - rows / 2));
  return 0;
}
