// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics about whole files.

#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "llvm/Support/WithColor.h"

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

/// An error about options; where the options are is the command line.
static void printAtTool(StringRef tool, Diagnostic &diagnostic) {
  raw_ostream &os = diagnostic.getSeverity() == DiagnosticSeverity::Error
                        ? llvm::WithColor::error(llvm::errs(), tool)
                        : llvm::WithColor::remark(llvm::errs(), tool);
  os << diagnostic << "\n";
}

static bool isInFile(Location loc) {
  return static_cast<bool>(loc->findInstanceOf<FileLineColLoc>());
}

void mlir::pdq::locateDiagnosticsAt(MLIRContext *context, StringRef file,
                                    StringRef tool) {
  Location whole = getFileLocation(context, file);
  DiagnosticEngine &engine = context->getDiagEngine();
  Location options = getOptionsLocation(context);
  engine.registerHandler([whole, options, &engine,
                          tool = tool.str()](Diagnostic &diagnostic) {
    if (diagnostic.getLocation() == options) {
      printAtTool(tool, diagnostic);
      return success();
    }
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
