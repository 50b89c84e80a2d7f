// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optimizer driver: pdq's passes and pipelines beside upstream's. A run can
// take hours, so its output never stands half-written under its name, nor does
// a run that fails remove what stood there.

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "pdq/IO/AtomicFile.h"
#include "pdq/IO/FileDiagnostics.h"
#include "pdq/IO/ModuleFile.h"
#include "pdq/Pipelines.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

/// One message for one error: the operation behind it can be a whole network.
/// `--mlir-print-op-on-diagnostic` still shows it.
static void printNoOperations() {
  registerMLIRContextCLOptions();
  llvm::cl::Option *option =
      llvm::cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  if (option)
    static_cast<llvm::cl::opt<bool> *>(option)->setValue(false);
}

static LogicalResult fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "pdq-opt") << message << "\n";
  return failure();
}

/// Bytecode from PyTorch carries no locations, nor do errors about options:
/// they are located at the input. The handler is registered behind upstream's,
/// which it comes before.
static void locateAtInput(MlirOptMainConfig &config, StringRef input) {
  if (config.shouldVerifyDiagnostics())
    return;
  MlirOptMainConfig inner = config;
  config.setPassPipelineSetupFn(
      [inner, input = input.str()](PassManager &passes) {
        pdq::locateDiagnosticsAt(passes.getContext(),
                                 input == "-" ? "<stdin>" : input);
        return inner.setupPassPipeline(passes);
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
  if (failed(pdq::checkNesting(*source, registry)))
    return failure();
  if (output == "-")
    return MlirOptMain(llvm::outs(), std::move(source), registry, config);
  if (llvm::Error error = pdq::checkFileWritable(output))
    return fail(llvm::toString(std::move(error)));
  std::string result;
  llvm::raw_string_ostream stream(result);
  if (failed(MlirOptMain(stream, std::move(source), registry, config)))
    return failure();
  if (llvm::Error error = pdq::writeFileAtomically(
          output, [&](raw_ostream &os) { os << result; }))
    return fail(llvm::toString(std::move(error)));
  return success();
}

static int run(int argc, char **argv) {
  printNoOperations();
  DialectRegistry registry;
  pdq::registerAllDialects(registry);
  registerAllPasses();
  pdq::registerAllPasses();
  auto [input, output] = registerAndParseCLIOptions(
      argc, argv, "pdq: post-training quantization by prediction difference\n",
      registry);
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  // Upstream prints the lists it can show.
  if (config.shouldShowDialects() || config.shouldListPasses())
    return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
  locateAtInput(config, input);
  return asMainReturnCode(transformFile(input, output, registry, config));
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return pdq::runWithLargeStack([&] { return run(argc, argv); });
}
