// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Public functions that the executor calls.

#include "pdq/Calibration/Programs/Program.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Canonicalizer.h"

using namespace mlir;
using namespace mlir::pdq;

static func::FuncOp createFunction(ModuleOp module, StringRef name) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(builder, module.getLoc(), name,
                                       builder.getFunctionType({}, {}));
  function.addEntryBlock();
  return function;
}

ProgramBuilder::ProgramBuilder(ModuleOp module, StringRef name)
    : function(createFunction(module, name)),
      builder(ImplicitLocOpBuilder::atBlockEnd(module.getLoc(),
                                               &function.getBody().front())) {}

Value ProgramBuilder::addArgument(RankedTensorType type) {
  return function.getBody().front().addArgument(type, function.getLoc());
}

void ProgramBuilder::store(Value argument, Value value) {
  stores.push_back({cast<BlockArgument>(argument).getArgNumber(), value});
}

ValueRange ProgramBuilder::call(func::FuncOp callee, ValueRange arguments) {
  return func::CallOp::create(builder, callee, arguments).getResults();
}

void ProgramBuilder::finish(ValueRange results) {
  SmallVector<Value> returned(results);
  for (auto [argument, value] : stores)
    returned.push_back(value);
  func::ReturnOp::create(builder, returned);
  function.setType(
      builder.getFunctionType(function.getBody().front().getArgumentTypes(),
                              TypeRange(ValueRange(returned))));
  for (auto [index, store] : llvm::enumerate(stores))
    function.setResultAttr(results.size() + index, plan::inPlaceName,
                           builder.getI64IntegerAttr(store.first));
}

LogicalResult mlir::pdq::lowerPrograms(ModuleOp module) {
  PassManager pm(module.getContext());
  // Objectives are written as calls of small functions; derivatives want one
  // block, and so do the functions that differentiation makes.
  pm.addPass(createSoundInlinerPass());
  pm.addPass(createDifferentiate());
  pm.addPass(createSoundInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createDecompose());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  return pm.run(module);
}
