// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choice of a target.

#include "pdq/Runtime/Executor.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::pdq;

/// More threads than any machine has cores are a mistake.
static constexpr unsigned maxThreads = 1024;

static llvm::Expected<std::unique_ptr<Executor>>
createForCPU(MLIRContext *context, const ExecutorOptions &options) {
  if (auto executor = Executor::createCPU(context, options))
    return executor;
  return llvm::createStringError(
      "this machine does not have the instructions of the chosen 'cpu'");
}

llvm::Expected<std::unique_ptr<Executor>>
Executor::create(MLIRContext *context, const ExecutorOptions &options) {
  if (options.threads > maxThreads)
    return llvm::createStringError("option 'threads' is " +
                                   Twine(options.threads) + ", expected 0 to " +
                                   Twine(maxThreads));
  if (options.target == Target::CPU)
    return createForCPU(context, options);
  auto executor = createCUDA(context, options);
  if (executor || options.target == Target::CUDA)
    return executor;
  emitRemark(UnknownLoc::get(context))
      << "running on the CPU: " << llvm::toString(executor.takeError());
  return createForCPU(context, options);
}
