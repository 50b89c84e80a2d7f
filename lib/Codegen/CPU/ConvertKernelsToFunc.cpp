// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between kernels and functions: from here on upstream's passes
// lower to LLVM's dialect.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CONVERTKERNELSTOFUNC
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// `kernel` as a function whose last two arguments are a thread's range.
static void convertKernel(plan::KernelOp kernel) {
  OpBuilder b(kernel);
  SmallVector<Type> types(kernel.getArgumentTypes());
  types.append(2, b.getIndexType());
  auto function = func::FuncOp::create(b, kernel.getLoc(), kernel.getName(),
                                       b.getFunctionType(types, {}));
  for (unsigned i = 0, e = kernel.getNumArguments(); i < e; ++i)
    if (DictionaryAttr attributes = kernel.getArgAttrDict(i)) {
      NamedAttrList kept(attributes);
      kept.erase(plan::registerOnlyName);
      function.setArgAttrs(i, kept.getDictionary(kernel.getContext()));
    }
  function.getBody().takeBody(kernel.getBody());
  Block &entry = function.getBody().front();
  Value begin = entry.addArgument(b.getIndexType(), kernel.getLoc());
  Value end = entry.addArgument(b.getIndexType(), kernel.getLoc());
  function.walk([&](plan::RangeOp range) {
    range.replaceAllUsesWith(ValueRange{begin, end});
    range.erase();
  });
  Operation *terminator = entry.getTerminator();
  b.setInsertionPoint(terminator);
  func::ReturnOp::create(b, terminator->getLoc());
  terminator->erase();
  kernel.erase();
}

namespace {
struct ConvertKernelsToFunc
    : pdq::impl::ConvertKernelsToFuncBase<ConvertKernelsToFunc> {
  void runOnOperation() override {
    auto kernels = llvm::to_vector(getOperation().getOps<plan::KernelOp>());
    for (plan::KernelOp kernel : kernels)
      if (!kernel.getRange()) {
        kernel.emitOpError("has no code for a CPU: run pdq-emit-cpu-kernels");
        return signalPassFailure();
      }
    llvm::for_each(kernels, convertKernel);
  }
};
} // namespace
