// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes that run a pipeline of others.

#ifndef PDQ_LIB_PIPELINES_PIPELINEPASS_H
#define PDQ_LIB_PIPELINES_PIPELINEPASS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::pdq {

/// A pass on a module whose `PassT::build(OpPassManager &) const` adds the
/// passes that it stands for. `BaseT` is generated from its definition in
/// TableGen.
template <typename PassT, typename BaseT> struct PipelinePass : BaseT {
  using BaseT::BaseT;

  void getDependentDialects(DialectRegistry &registry) const override {
    make().getDependentDialects(registry);
  }
  void runOnOperation() override {
    OpPassManager pm = make();
    if (failed(this->runPipeline(pm, this->getOperation())))
      this->signalPassFailure();
  }

private:
  OpPassManager make() const {
    OpPassManager pm(ModuleOp::getOperationName());
    static_cast<const PassT *>(this)->build(pm);
    return pm;
  }
};

} // namespace mlir::pdq

#endif // PDQ_LIB_PIPELINES_PIPELINEPASS_H
