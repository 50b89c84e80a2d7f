// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics about whole files.

#include "pdq/IO/FileDiagnostics.h"

using namespace mlir;
using namespace mlir::pdq;

Location mlir::pdq::getFileLocation(MLIRContext *context, StringRef path) {
  return FileLineColLoc::get(context, path, /*line=*/0, /*column=*/0);
}

InFlightDiagnostic mlir::pdq::emitFileError(MLIRContext *context,
                                            StringRef path, llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  StringRef message = text;
  if (message.consume_front(path))
    message.consume_front(": ");
  return emitError(getFileLocation(context, path)) << message;
}

static bool isInFile(Location loc) {
  return static_cast<bool>(loc->findInstanceOf<FileLineColLoc>());
}

void mlir::pdq::locateDiagnosticsAt(MLIRContext *context, StringRef file) {
  Location whole = getFileLocation(context, file);
  DiagnosticEngine &engine = context->getDiagEngine();
  engine.registerHandler([whole, &engine](Diagnostic &diagnostic) {
    if (isInFile(diagnostic.getLocation()))
      return failure();
    InFlightDiagnostic located = engine.emit(whole, diagnostic.getSeverity());
    located << diagnostic.str();
    for (const Diagnostic &note : diagnostic.getNotes())
      located.attachNote(isInFile(note.getLocation()) ? note.getLocation()
                                                      : whole)
          << note.str();
    return success();
  });
}
