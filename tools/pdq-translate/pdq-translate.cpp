// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes modules in the formats of other tools. A file is there completely or
// not at all.

#include "TranslateMain.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/FileSignals.h"
#include "pdq/Support/Files/ModuleFile.h"
#include "pdq/Support/MemoryLimit.h"
#include "pdq/Support/Options/CommandLine.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

#ifdef PDQ_HAS_PROTOBUF
#include "OnnxWriter.h"
#endif

using namespace mlir;
using namespace mlir::pdq;
namespace cl = llvm::cl;

static constexpr StringRef tool = "pdq-translate";

static void registerDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  pdq::registerAllDialects(registry);
}

static void registerTranslations() {
#ifdef PDQ_HAS_PROTOBUF
  TranslateFromMLIRRegistration(
      "mlir-to-onnx", "Write what convert-quant-to-onnx made as an ONNX file",
      [](ModuleOp module, raw_ostream &os) { return writeOnnx(module, os); },
      registerDialects);
#endif
}

/// Reads, translates and writes; whether the output can be written is known
/// before the work.
static int translate(const Translation &translation, StringRef input,
                     StringRef output) {
  std::string message;
  auto source = openInputFile(input, &message);
  if (!source)
    return failTool(tool, message);
  DialectRegistry registry;
  registerDialects(registry);
  if (failed(checkNesting(*source, registry)))
    return 1;
  if (llvm::Error error = checkFileWritable(output))
    return failTool(tool, llvm::toString(std::move(error)));
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(source), llvm::SMLoc());
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  SourceMgrDiagnosticHandler handler(*sources, &context);
  locateDiagnosticsAt(&context, input == "-" ? "<stdin>" : input, tool);
  std::string result;
  llvm::raw_string_ostream stream(result);
  if (failed(translation(sources, stream, &context)))
    return 1;
  if (output == "-") {
    llvm::outs() << result;
    return 0;
  }
  if (llvm::Error error =
          writeFileAtomically(output, [&](raw_ostream &os) { os << result; }))
    return failTool(tool, llvm::toString(std::move(error)));
  return 0;
}

static int run(int argc, char **argv) {
  registerTranslations();
  cl::opt<std::string> input(cl::Positional, cl::desc("<input file>"),
                             cl::init("-"));
  cl::opt<std::string> output("o", cl::desc("Output filename"),
                              cl::value_desc("filename"), cl::init("-"));
  cl::opt<const Translation *, false, TranslationParser> translation(
      "", cl::desc("Format to write"));
  if (failed(parseCommandLine(argc, argv, tool)))
    return 1;
  if (!translation.getValue())
    return failTool(tool,
#ifdef PDQ_HAS_PROTOBUF
                    "no format is named, expected --mlir-to-onnx"
#else
                    "no format can be written: pdq was built without protobuf "
                    "(Debian: protobuf-compiler, libprotobuf-dev)"
#endif
    );
  return translate(*translation.getValue(), input, output);
}

int mlir::pdq::translateMain(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  turnFileSignalsIntoErrors(tool);
  enforceMemoryLimit(tool);
  int status = runWithLargeStack([&] { return run(argc, argv); });
  return closeStdout(tool, status);
}
