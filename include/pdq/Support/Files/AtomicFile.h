// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are there completely or not at all.

#ifndef PDQ_SUPPORT_FILES_ATOMICFILE_H
#define PDQ_SUPPORT_FILES_ATOMICFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::pdq {

/// Writes what `write` prints to a temporary file beside `path` and renames it
/// to `path`, so that a reader never sees half of it and a failure leaves what
/// was there. A `path` that is a device or a pipe is written directly.
///
/// Errors: one line that starts with `path`; the temporary file is removed.
llvm::Error
writeFileAtomically(llvm::StringRef path,
                    llvm::function_ref<void(llvm::raw_ostream &)> write);

/// Finds out whether `path` can be written, before work is spent on what goes
/// there: makes the temporary file and removes it. A device or a pipe passes.
///
/// Errors: as above.
llvm::Error checkFileWritable(llvm::StringRef path);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_ATOMICFILE_H
