// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules from a stranger, as text or bytecode: through the functions that the
// tools call, up to annotated IR, which is verified.

#include "FuzzerOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/ModuleFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::pdq;

static const DialectRegistry &getRegistry() {
  static const DialectRegistry registry = [] {
    DialectRegistry all;
    registerAllDialects(all);
    return all;
  }();
  return registry;
}

/// A context for many executions: making one takes longer than reading a small
/// module. What modules leave in it is never freed, so that it is renewed.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned numExecutions = 0;
  if (numExecutions++ % 500 == 0)
    context = std::make_unique<MLIRContext>(getRegistry(),
                                            MLIRContext::Threading::DISABLED);
  return *context;
}

/// Annotates what parses. Errors are fine, crashes are not.
static int annotate(StringRef bytes) {
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      llvm::MemoryBuffer::getMemBufferCopy(bytes, "input.mlir");
  if (failed(checkNesting(*buffer, getRegistry())))
    return 0;
  MLIRContext &context = getContext();
  ScopedDiagnosticHandler silent(&context, [](Diagnostic &) {});
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      buffer->getBuffer(), ParserConfig(&context), "input.mlir");
  if (!module)
    return 0;
  PassManager passes(&context);
  AnnotateOptions options;
  buildAnnotatePipeline(passes, options);
  (void)passes.run(*module);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes = getInput(data, size);
  return runWithLargeStack([&] { return annotate(bytes); });
}
