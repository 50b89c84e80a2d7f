// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optimizer driver: pdq's passes and pipelines beside upstream's. A run can
// take hours, so its output never stands half-written under its name, nor does
// a run that fails remove what stood there.

#include "Help.h"
#include "OptMain.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/CapturedOutput.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/FileSignals.h"
#include "pdq/Support/Files/ModuleFile.h"
#include "pdq/Support/MemoryLimit.h"
#include "pdq/Support/Options/CommandLine.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "pdq/Support/Options/PassOptionText.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::pdq;
namespace cl = llvm::cl;

/// One message for one error: the operation behind it can be a whole network.
/// `--mlir-print-op-on-diagnostic` still shows it.
static void printNoOperations() {
  registerMLIRContextCLOptions();
  llvm::cl::Option *option =
      llvm::cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  if (option)
    static_cast<llvm::cl::opt<bool> *>(option)->setValue(false);
}

static constexpr StringRef tool = "pdq-opt";

static LogicalResult fail(const Twine &message) {
  failTool(tool, message);
  return failure();
}

/// What `get` gives for each pass and pipeline that the arguments name.
static std::string
collectOfPasses(ArrayRef<char *> arguments,
                function_ref<std::string(StringRef name)> get) {
  std::string text;
  for (StringRef argument : arguments.drop_front())
    for (size_t place = argument.find("pdq-"); place != StringRef::npos;
         place = argument.find("pdq-", place + 1))
      text += get(argument.drop_front(place).take_while(
          [](char c) { return llvm::isAlnum(c) || c == '-'; }));
  return text;
}

/// One line for what upstream reported and printed about the pipeline.
static std::string describePipelineError(StringRef reported, StringRef printed,
                                         ArrayRef<char *> arguments) {
  std::string help = collectOfPasses(arguments, pdq::getHelp);
  if (std::optional<std::string> message =
          describeOptionComplaint(printed, help))
    return *message;
  reported = reported.trim();
  reported.consume_front("<Pass-Options-Parser>: ");
  // The pipeline as text has no place but the command line.
  reported.consume_front("MLIR Textual PassPipeline Parser:1:1: error: ");
  if (!reported.consume_front("no such option "))
    return reported.str();
  std::string options = collectOfPasses(arguments, getDefaultOptions);
  return describeUnknownOption(
      reported, llvm::map_to_vector(splitOptions(options), getOptionName));
}

/// Sets the pipeline up as `config` says; everything that can go wrong is the
/// command line's fault.
static LogicalResult setupPipeline(PassManager &passes,
                                   const MlirOptMainConfig &config,
                                   ArrayRef<char *> arguments) {
  LogicalResult result = success();
  std::string reported;
  std::string printed = captureStderr([&] {
    ScopedDiagnosticHandler collect(
        passes.getContext(),
        [&](Diagnostic &diagnostic) { reported += diagnostic.str(); });
    result = config.setupPassPipeline(passes);
  });
  if (succeeded(result))
    llvm::errs() << printed;
  else
    failTool(tool, describePipelineError(reported, printed, arguments));
  return result;
}

/// Bytecode from PyTorch carries no locations, so errors are located at the
/// input; those about options at the command line. The handler is registered
/// behind upstream's, which it comes before.
static void locateDiagnostics(MlirOptMainConfig &config, StringRef input,
                              ArrayRef<char *> arguments) {
  if (config.shouldVerifyDiagnostics())
    return;
  MlirOptMainConfig inner = config;
  config.setPassPipelineSetupFn(
      [inner, arguments, input = input.str()](PassManager &passes) {
        locateDiagnosticsAt(passes.getContext(),
                            input == "-" ? "<stdin>" : input, tool);
        return setupPipeline(passes, inner, arguments);
      });
}

/// Reads, transforms and writes; whether the output can be written is known
/// before the work.
static LogicalResult transformFile(StringRef input, StringRef output,
                                   DialectRegistry &registry,
                                   const MlirOptMainConfig &config) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> source = openInputFile(input, &message);
  if (!source)
    return fail(message);
  if (failed(checkNesting(*source, registry)))
    return failure();
  if (output == "-")
    return MlirOptMain(llvm::outs(), std::move(source), registry, config);
  if (llvm::Error error = checkFileWritable(output))
    return fail(llvm::toString(std::move(error)));
  std::string result;
  llvm::raw_string_ostream stream(result);
  if (failed(MlirOptMain(stream, std::move(source), registry, config)))
    return failure();
  if (llvm::Error error =
          writeFileAtomically(output, [&](raw_ostream &os) { os << result; }))
    return fail(llvm::toString(std::move(error)));
  return success();
}

/// `--help-all` is what upstream calls help.
static void renameHelpAll(MutableArrayRef<char *> arguments) {
  static char help[] = "--help";
  for (char *&argument : arguments.drop_front())
    if (StringRef(argument) == "--help-all")
      argument = help;
}

static int run(int argc, char **argv) {
  printNoOperations();
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  pdq::registerAllDialects(registry);
  mlir::registerAllPasses();
  pdq::registerAllPasses();
  cl::opt<std::string> input(cl::Positional, cl::desc("<input file>"),
                             cl::init("-"));
  cl::opt<std::string> output("o", cl::desc("Output filename"),
                              cl::value_desc("filename"), cl::init("-"));
  registerCLIOptions("pdq: post-training quantization\n", registry);
  if (asksForHelp(argc, argv)) {
    printHelp(llvm::outs());
    return 0;
  }
  renameHelpAll(MutableArrayRef(argv, argc));
  if (failed(parseCommandLine(argc, argv, tool)))
    return 1;
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldEmitBytecode() && !config.bytecodeVersionToEmit())
    config.setEmitBytecodeVersion(portableBytecodeVersion);
  // Upstream prints the lists it can show.
  if (config.shouldShowDialects() || config.shouldListPasses())
    return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
  locateDiagnostics(config, input, ArrayRef(argv, argc));
  return asMainReturnCode(transformFile(input, output, registry, config));
}

int mlir::pdq::optMain(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  turnFileSignalsIntoErrors("pdq-opt");
  enforceMemoryLimit("pdq-opt");
  int status = runWithLargeStack([&] { return run(argc, argv); });
  return closeStdout(tool, status);
}
