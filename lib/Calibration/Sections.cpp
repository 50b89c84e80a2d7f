// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network as a sequence of sections: reconstruction regions, and the glue
// operations between them.

#include "pdq/Calibration/Sections.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Network/Layers/Structure.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::pdq;

NetworkSections::NetworkSections(func::FuncOp function) : function(function) {
  Block &block = function.getBody().front();
  for (Value argument : block.getArguments())
    definingSection[argument] = -1;
  for (Operation &op : block.without_terminator()) {
    bool onDataPath = llvm::any_of(getReadValues(&op), [&](Value value) {
      return definingSection.contains(value);
    });
    if (!onDataPath)
      continue;
    auto region = dyn_cast<RegionOp>(op);
    if (sections.empty() || region || sections.back().region)
      sections.emplace_back();
    sections.back().operations.push_back(&op);
    sections.back().region = region;
    for (Value result : op.getResults())
      definingSection[result] = sections.size() - 1;
  }
  for (int index = 0, e = sections.size(); index < e; ++index) {
    Section &section = sections[index];
    SetVector<Value> inputs;
    for (Operation *op : section.operations)
      for (Value value : getReadValues(op))
        if (definingSection.contains(value) &&
            definingSection.lookup(value) < index)
          inputs.insert(value);
    section.inputs = inputs.takeVector();
    SmallVector<Value> live = getLiveValues(index);
    llvm::copy_if(live, std::back_inserter(section.outputs), [&](Value value) {
      return definingSection.lookup(value) == index;
    });
  }
}

SmallVector<Value> NetworkSections::getLiveValues(int section) const {
  SmallVector<Value> live;
  Block &block = func::FuncOp(function).getBody().front();
  for (const auto &entry : definingSection) {
    if (entry.second > section)
      continue;
    Value value = entry.first;
    bool usedLater = llvm::any_of(value.getUsers(), [&](Operation *user) {
      user = block.findAncestorOpInBlock(*user);
      if (user->hasTrait<OpTrait::IsTerminator>())
        return true;
      return definingSection.lookup(user->getResult(0)) > section;
    });
    if (usedLater)
      live.push_back(value);
  }
  return live;
}

//===----------------------------------------------------------------------===//
// Functions made of sections
//===----------------------------------------------------------------------===//

SmallVector<Value> mlir::pdq::cloneBody(OpBuilder &builder, Region &body,
                                        ValueRange inputs, IRMapping &mapping) {
  Block &block = body.front();
  mapping.map(block.getArguments(), inputs);
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(block.getTerminator()->getOperands(),
                             [&](Value v) { return mapping.lookup(v); });
}

/// Clones an operation off the data path, after what it reads.
static void cloneConstant(OpBuilder &builder, Value value, IRMapping &mapping) {
  if (mapping.contains(value))
    return;
  Operation *op = value.getDefiningOp();
  for (Value read : getReadValues(op))
    cloneConstant(builder, read, mapping);
  builder.clone(*op, mapping);
}

func::FuncOp NetworkSections::buildFunction(ModuleOp module, StringRef name,
                                            ArrayRef<Value> arguments,
                                            ArrayRef<Operation *> operations,
                                            ArrayRef<Value> results,
                                            TailBody body) const {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = builder.getFunctionType(TypeRange(ValueRange(arguments)),
                                      TypeRange(ValueRange(results)));
  auto result = func::FuncOp::create(builder, module.getLoc(), name, type);
  result.setPrivate();
  builder.setInsertionPointToStart(result.addEntryBlock());
  IRMapping mapping;
  mapping.map(arguments, result.getArguments());
  for (Operation *op : operations) {
    for (Value value : getReadValues(op))
      cloneConstant(builder, value, mapping);
    auto region = dyn_cast<RegionOp>(op);
    if (!region) {
      builder.clone(*op, mapping);
      continue;
    }
    IRMapping inner;
    auto inputs = llvm::map_to_vector(
        region.getInputs(), [&](Value v) { return mapping.lookup(v); });
    Region &chosen = body == TailBody::Float ? region.getFloatBody()
                                             : region.getQuantizedBody();
    mapping.map(region.getResults(), cloneBody(builder, chosen, inputs, inner));
  }
  for (Value value : results)
    cloneConstant(builder, value, mapping);
  func::ReturnOp::create(
      builder, module.getLoc(),
      llvm::map_to_vector(results, [&](Value v) { return mapping.lookup(v); }));
  removeQuantizers(result);
  return result;
}

func::FuncOp NetworkSections::buildTail(ModuleOp module, StringRef name,
                                        int section, TailBody body) const {
  SmallVector<Operation *> operations;
  for (const Section &later : ArrayRef(sections).drop_front(section + 1))
    llvm::append_range(operations, later.operations);
  auto results = llvm::to_vector(
      func::FuncOp(function).getBody().front().getTerminator()->getOperands());
  return buildFunction(module, name, getLiveValues(section), operations,
                       results, body);
}

func::FuncOp NetworkSections::buildGlue(ModuleOp module, StringRef name,
                                        const Section &section) const {
  return buildFunction(module, name, section.inputs, section.operations,
                       section.outputs, TailBody::Float);
}

void mlir::pdq::removeQuantizers(func::FuncOp function) {
  function.walk([](FakeQuantOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
}
