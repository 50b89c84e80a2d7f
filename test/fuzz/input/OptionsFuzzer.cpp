// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Option strings of the pipelines. They are parsed and not run: options name
// files.

#include "FuzzerOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "pdq/Support/Options/PassOptionText.h"

using namespace mlir;
using namespace mlir::pdq;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  registerAllPasses();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static MLIRContext context(MLIRContext::Threading::DISABLED);
  static constexpr StringRef names[] = {"pdq-quantize", "pdq-annotate",
                                        "pdq-calibrate", "pdq-export",
                                        "pdq-insert-quantizers"};
  if (size == 0)
    return 0;
  StringRef text = getInput(data, size).drop_front();
  for (StringRef option : splitOptions(text))
    if (option.empty())
      __builtin_trap(); // options are words
  ScopedDiagnosticHandler silent(&context, [](Diagnostic &) {});
  PassManager passes(&context);
  (void)findEntry(names[data[0] % std::size(names)])
      ->addToPipeline(passes, text, [](const Twine &) { return failure(); });
  return 0;
}
