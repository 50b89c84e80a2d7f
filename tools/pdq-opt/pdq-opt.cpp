// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optimizer driver: pdq's passes and pipelines beside upstream's.

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "pdq/Pipelines.h"
#include "llvm/Support/CommandLine.h"

/// One message for one error: the operation behind it can be a whole network.
/// `--mlir-print-op-on-diagnostic` still shows it.
static void printNoOperations() {
  mlir::registerMLIRContextCLOptions();
  llvm::cl::Option *option =
      llvm::cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  if (option)
    static_cast<llvm::cl::opt<bool> *>(option)->setValue(false);
}

int main(int argc, char **argv) {
  printNoOperations();
  mlir::DialectRegistry registry;
  mlir::pdq::registerAllDialects(registry);
  mlir::registerAllPasses();
  mlir::pdq::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "pdq: post-training quantization by prediction difference\n",
      registry));
}
