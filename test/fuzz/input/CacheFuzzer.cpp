// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries of the cache of compiled kernels: any bytes in their place give what
// was stored or an error.

#include "FuzzerOptions.h"
#include "pdq/Support/Files/ContentCache.h"
#include "llvm/Support/Path.h"

using namespace mlir::pdq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes = getInput(data, size);
  std::string path = writeTemporaryFile("llvmcache-key", bytes);
  ContentCache cache(llvm::sys::path::parent_path(path));
  auto entry = cache.load("key");
  if (!entry)
    llvm::consumeError(entry.takeError());
  // What is stored comes back.
  if (llvm::Error error = cache.store("key", bytes))
    __builtin_trap();
  entry = cache.load("key");
  if (!entry || !*entry || **entry != bytes)
    __builtin_trap();
  return 0;
}
