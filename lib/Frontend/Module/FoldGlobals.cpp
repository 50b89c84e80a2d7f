// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends that keep names keep weights as global variables of the module,
// mutable ones too; what nobody writes is a constant.

#include "pdq/Frontend/Module/FoldGlobals.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"

using namespace mlir;
using namespace mlir::pdq;

static ml_program::GlobalOp lookUp(Operation *user, SymbolRefAttr name) {
  return SymbolTable::lookupNearestSymbolFrom<ml_program::GlobalOp>(user, name);
}

/// The value of a variable that nobody writes, as type `type`.
static FailureOr<TypedAttr> getValue(Operation *load, SymbolRefAttr name,
                                     Type type, Operation *store) {
  ml_program::GlobalOp global = lookUp(load, name);
  if (!global)
    return load->emitError() << "variable " << name << " is not in the module";
  if (store) {
    InFlightDiagnostic diag =
        load->emitError()
        << "variable " << name
        << " is read here and written: a network has no state, export it with "
           "the variable as input or constant";
    diag.attachNote(store->getLoc()) << "it is written here";
    return diag;
  }
  std::optional<Attribute> attribute = global.getValue();
  auto value = attribute ? dyn_cast<TypedAttr>(*attribute) : TypedAttr();
  if (!value || isa<ml_program::ExternAttr>(value))
    return load->emitError() << "variable " << name
                             << " has no value in the module; export the "
                                "network with its weights";
  if (value.getType() != type)
    return load->emitError() << "variable " << name << " has a value of type "
                             << value.getType() << ", read as " << type;
  return value;
}

LogicalResult mlir::pdq::foldGlobals(ModuleOp module, func::FuncOp network) {
  DenseMap<Operation *, Operation *> stores;
  module.walk([&](ml_program::GlobalStoreOp store) {
    stores.insert({lookUp(store, store.getGlobal()), store});
  });
  auto fold = [&](auto load) -> WalkResult {
    Operation *global = lookUp(load, load.getGlobal());
    auto value = getValue(load, load.getGlobal(), load.getResult().getType(),
                          stores.lookup(global));
    if (failed(value))
      return WalkResult::interrupt();
    OpBuilder builder(load);
    load.getResult().replaceAllUsesWith(
        arith::ConstantOp::create(builder, load.getLoc(), *value));
    load.erase();
    return WalkResult::advance();
  };
  WalkResult result = network.walk([&](Operation *op) {
    if (auto load = dyn_cast<ml_program::GlobalLoadOp>(op))
      return fold(load);
    if (auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op))
      return fold(load);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  network.walk([](ml_program::GlobalStoreOp store) { store.erase(); });
  return success();
}
