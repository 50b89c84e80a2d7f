// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What upstream prints and does not give as a string.

#ifndef PDQ_SUPPORT_FILES_CAPTUREDOUTPUT_H
#define PDQ_SUPPORT_FILES_CAPTUREDOUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>

namespace mlir::pdq {

/// Calls `print` and gives what it writes on stdout or stderr, which does not
/// appear there. For single-threaded stretches of a program: what other
/// threads write in the meantime is caught as well.
///
/// Errors: without a place for a temporary file the text appears as ever and
/// the result is empty.
std::string captureStdout(llvm::function_ref<void()> print);
std::string captureStderr(llvm::function_ref<void()> print);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_CAPTUREDOUTPUT_H
