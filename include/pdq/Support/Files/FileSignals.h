// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signals by which the system says that something is wrong with a file. Large
// files are mapped into memory: another program that makes one shorter while it
// is read takes pages away that are still to be read.

#ifndef PDQ_SUPPORT_FILES_FILESIGNALS_H
#define PDQ_SUPPORT_FILES_FILESIGNALS_H

#include "llvm/ADT/StringRef.h"

namespace mlir::pdq {

/// For tools: where a mapped file becomes shorter than what is read of it, one
/// line on stderr names the file and the process exits with 1; writing more to
/// a file than the user's limit allows (ulimit -f) fails like any other
/// writing. To be called behind `llvm::InitLLVM`, whose handlers would print a
/// stack trace.
void turnFileSignalsIntoErrors(llvm::StringRef tool);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_FILESIGNALS_H
