// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A temporary file in the place of a standard stream.

#include "pdq/Support/Files/CapturedOutput.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <unistd.h>

using namespace llvm;
using namespace mlir::pdq;

/// All of a file that was written a moment ago.
static std::string readFromStart(std::FILE *file) {
  std::string text;
  std::rewind(file);
  char part[4096];
  while (size_t count = std::fread(part, 1, sizeof(part), file))
    text.append(part, count);
  return text;
}

static std::string capture(raw_fd_ostream &stream, int descriptor,
                           function_ref<void()> print) {
  stream.flush();
  std::FILE *file = std::tmpfile();
  int original = file ? ::dup(descriptor) : -1;
  if (original < 0 || ::dup2(::fileno(file), descriptor) < 0) {
    print();
    if (original >= 0)
      ::close(original);
    if (file)
      std::fclose(file);
    return {};
  }
  print();
  stream.flush();
  ::dup2(original, descriptor);
  ::close(original);
  std::string text = readFromStart(file);
  std::fclose(file);
  return text;
}

std::string mlir::pdq::captureStdout(function_ref<void()> print) {
  return capture(outs(), STDOUT_FILENO, print);
}

std::string mlir::pdq::captureStderr(function_ref<void()> print) {
  return capture(errs(), STDERR_FILENO, print);
}
