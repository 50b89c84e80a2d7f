// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics about whole files: arrays, reports, checkpoints, and modules that
// carry no locations, as bytecode from PyTorch.

#ifndef PDQ_SUPPORT_FILES_FILEDIAGNOSTICS_H
#define PDQ_SUPPORT_FILES_FILEDIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"

namespace mlir::pdq {

/// The location of a file as a whole: line 0, which no text has.
Location getFileLocation(MLIRContext *context, StringRef path);

/// Emits `error` at the file, whose name it need not repeat.
InFlightDiagnostic emitFileError(MLIRContext *context, StringRef path,
                                 llvm::Error error);

/// Locates diagnostics that have no place in a file at `file` as a whole, from
/// now on; they are handed to the handlers that were there. Those about options
/// are located at the command line of `tool`, and printed.
void locateDiagnosticsAt(MLIRContext *context, StringRef file, StringRef tool);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_FILEDIAGNOSTICS_H
