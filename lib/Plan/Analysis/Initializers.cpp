// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attribute that binds a function to its initializer.

#include "pdq/Plan/Analysis/Initializers.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

static FlatSymbolRefAttr getInitializer(func::FuncOp function) {
  return function->getAttrOfType<FlatSymbolRefAttr>(plan::initializerName);
}

func::FuncOp mlir::pdq::getOrCreateInitializer(func::FuncOp function) {
  if (FlatSymbolRefAttr name = getInitializer(function))
    return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(function, name);
  OpBuilder builder(function);
  builder.setInsertionPointAfter(function);
  auto initializer = func::FuncOp::create(
      builder, function.getLoc(), (function.getName() + ".constants").str(),
      builder.getFunctionType({}, {}));
  OpBuilder inner = OpBuilder::atBlockEnd(initializer.addEntryBlock());
  func::ReturnOp::create(inner, function.getLoc());
  function->setAttr(plan::initializerName,
                    FlatSymbolRefAttr::get(initializer.getSymNameAttr()));
  return initializer;
}

llvm::StringSet<> mlir::pdq::collectInitializers(ModuleOp module) {
  llvm::StringSet<> names;
  for (auto function : module.getOps<func::FuncOp>())
    if (FlatSymbolRefAttr name = getInitializer(function))
      names.insert(name.getValue());
  return names;
}
