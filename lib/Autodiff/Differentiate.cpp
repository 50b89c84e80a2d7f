// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that resolves `pdq.value_and_grad`.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "pdq/Autodiff/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct Differentiate : pdq::impl::DifferentiateBase<Differentiate> {
  using Base::Base;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<ValueAndGradOp> requests;
    getOperation().walk([&](ValueAndGradOp op) { requests.push_back(op); });
    for (ValueAndGradOp op : requests)
      if (failed(resolve(op, symbols)))
        return signalPassFailure();
  }

private:
  LogicalResult resolve(ValueAndGradOp op, SymbolTable &symbols) {
    auto callee = symbols.lookup<func::FuncOp>(op.getCallee());
    if (!callee || callee.isDeclaration())
      return op.emitOpError()
             << "calls " << op.getCalleeAttr()
             << ", which is not a func.func with a body in this module";
    FailureOr<func::FuncOp> derivative =
        buildVJPFunction(callee, op.getWrt(), symbols);
    if (failed(derivative))
      return failure();
    OpBuilder builder(op);
    auto call = func::CallOp::create(builder, op.getLoc(), *derivative,
                                     op.getArguments());
    op.replaceAllUsesWith(call.getResults());
    op.erase();
    ++numResolved;
    return success();
  }
};
} // namespace
