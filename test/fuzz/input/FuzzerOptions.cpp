// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Settings of the sanitizers, and files.

#include "FuzzerOptions.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <unistd.h>

/// Parts of a program come from libMLIR.so, which has no instrumentation: what
/// it puts into a container looks as if it overflowed.
extern "C" const char *__asan_default_options() {
  return "detect_container_overflow=0:detect_leaks=0:handle_abort=1:"
         "allocator_may_return_null=0";
}

extern "C" const char *__ubsan_default_options() {
  return "halt_on_error=1:print_stacktrace=1";
}

std::string mlir::pdq::writeTemporaryFile(llvm::StringRef name,
                                          llvm::StringRef contents) {
  static const std::string folder = [] {
    std::string pattern = "/dev/shm/pdq-fuzz-XXXXXX";
    if (!mkdtemp(pattern.data()))
      std::abort();
    return pattern;
  }();
  std::string path = folder + "/" + name.str();
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (code)
    std::abort();
  stream << contents;
  return path;
}
