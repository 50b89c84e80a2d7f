// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all input fuzzers share.

#ifndef PDQ_TEST_FUZZ_FUZZEROPTIONS_H
#define PDQ_TEST_FUZZ_FUZZEROPTIONS_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mlir::pdq {

/// The bytes of one execution.
inline llvm::StringRef getInput(const uint8_t *data, size_t size) {
  return llvm::StringRef(reinterpret_cast<const char *>(data), size);
}

/// A file of this process in memory (/dev/shm), and its path.
std::string writeTemporaryFile(llvm::StringRef name, llvm::StringRef contents);

} // namespace mlir::pdq

#endif // PDQ_TEST_FUZZ_FUZZEROPTIONS_H
