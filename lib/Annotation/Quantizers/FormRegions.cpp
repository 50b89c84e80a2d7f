// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups the operations of a network into reconstruction regions.

#include "Segments.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_FORMREGIONS
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Layers in one block beyond which it is reconstructed layer by layer.
static constexpr unsigned maxLayers = 12;

namespace {
/// A unit with its name.
struct NamedUnit {
  SmallVector<Operation *> operations;
  std::string name;
};

struct FormRegions : pdq::impl::FormRegionsBase<FormRegions> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult checkNotAnnotated();
  SmallVector<NamedUnit> findUnits(func::FuncOp function);
  LogicalResult outline(const NamedUnit &unit, const DataPath &path);
};
} // namespace

/// All values that the operations read.
static SetVector<Value> getReadValues(Operation *op) {
  SetVector<Value> read(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), read);
  return read;
}

/// Units that the user has marked; empty where there are none.
static SmallVector<NamedUnit> findMarkedUnits(const DataPath &path) {
  SmallVector<NamedUnit> units;
  for (Operation *op : path.getOperations()) {
    auto name = op->getAttrOfType<StringAttr>(inRegionName);
    if (!name)
      continue;
    if (units.empty() || units.back().name != name.getValue())
      units.push_back({{}, name.str()});
    units.back().operations.push_back(op);
  }
  return units;
}

/// Splits blocks with too many layers, such as a whole U-Net.
static SmallVector<Segment> splitHugeBlocks(const NetworkPath &path,
                                            ArrayRef<Segment> units) {
  SmallVector<Segment> split;
  for (const Segment &unit : units) {
    if (unit.numLayers <= maxLayers) {
      split.push_back(unit);
      continue;
    }
    path.data.getOperations()[unit.begin]->emitRemark("block has ")
        << unit.numLayers << " layers, more than " << maxLayers
        << ": it is reconstructed layer by layer";
    llvm::append_range(split, splitLayers(path, unit.begin, unit.end));
  }
  return split;
}

/// The size of dimension 0 of the first input.
static std::optional<int64_t> getBatch(func::FuncOp function) {
  auto type = function.getNumArguments() == 0
                  ? RankedTensorType()
                  : dyn_cast<RankedTensorType>(function.getArgumentTypes()[0]);
  if (!type || type.getRank() == 0 || type.isDynamicDim(0))
    return std::nullopt;
  return type.getDimSize(0);
}

/// The first value at a border of the operations [begin, end) that does not
/// have the samples as dimension 0 (windows of an image, heads of an
/// attention): what they read from others where `atInputs`, else what others
/// read of them.
static Value findValueWithoutBatch(const DataPath &path, const Segment &unit,
                                   int64_t batch, bool atInputs) {
  auto operations = path.getOperations();
  auto inside = operations.slice(unit.begin, unit.end - unit.begin);
  DenseSet<Operation *> members(inside.begin(), inside.end());
  auto isWhole = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() > 0 && type.getDimSize(0) == batch;
  };
  for (Operation *op : inside) {
    if (atInputs) {
      for (Value value : getReadValues(op))
        if (path.contains(value) && !members.contains(value.getDefiningOp()) &&
            !isWhole(value))
          return value;
      continue;
    }
    for (Value value : op->getResults())
      for (Operation *user : value.getUsers()) {
        Operation *owner = op->getBlock()->findAncestorOpInBlock(*user);
        if (!members.contains(owner) && !isWhole(value))
          return value;
      }
  }
  return nullptr;
}

/// Joins `unit` with the one behind it; where there is none it ends with the
/// network.
static void joinNext(SmallVectorImpl<Segment> &units, size_t number,
                     size_t numOperations) {
  Segment &unit = units[number];
  if (number + 1 == units.size()) {
    unit.end = numOperations;
    return;
  }
  unit.end = units[number + 1].end;
  unit.numLayers += units[number + 1].numLayers;
  units.erase(units.begin() + number + 1);
}

/// Regions are calibrated on mini-batches of what crosses their borders, so
/// units grow until only values whose dimension 0 is the batch do.
static void joinAtValuesWithoutBatch(const DataPath &path, int64_t batch,
                                     SmallVectorImpl<Segment> &units) {
  size_t numOperations = path.getOperations().size();
  for (size_t i = 0; i < units.size();) {
    Value input = findValueWithoutBatch(path, units[i], batch, true);
    Value result =
        input ? Value() : findValueWithoutBatch(path, units[i], batch, false);
    bool canGrow = input ? units[i].begin > 0 : units[i].end < numOperations;
    if ((!input && !result) || !canGrow) {
      ++i;
      continue;
    }
    Value value = input ? input : result;
    path.getOperations()[units[i].begin]->emitRemark(
        "region grows: a value of type ")
        << value.getType() << " at its border does not have the batch " << batch
        << " as dimension 0";
    if (result) {
      joinNext(units, i, numOperations);
      continue;
    }
    if (i == 0) {
      units[i].begin = 0;
      continue;
    }
    joinNext(units, --i, numOperations);
  }
}

SmallVector<NamedUnit> FormRegions::findUnits(func::FuncOp function) {
  NetworkPath path(function.getBody().front());
  SmallVector<NamedUnit> marked = findMarkedUnits(path.data);
  if (!marked.empty())
    return marked;
  SmallVector<Segment> units;
  if (granularity == RegionGranularity::Layer) {
    units = splitLayers(path, 0, path.data.getOperations().size());
  } else {
    units = joinUnits(path, cutSegments(path), /*joinBottlenecks=*/true);
    if (granularity == RegionGranularity::Block)
      units = splitHugeBlocks(path, units);
  }
  if (granularity == RegionGranularity::Network && units.size() > 1) {
    units.front().end = units.back().end;
    units.resize(1);
  }
  if (std::optional<int64_t> batch = getBatch(function))
    joinAtValuesWithoutBatch(path.data, *batch, units);
  SmallVector<NamedUnit> named;
  unsigned layers = 0, blocks = 0;
  for (const Segment &unit : units) {
    bool isBlock = unit.numLayers > 1;
    std::string name = isBlock ? "block" + std::to_string(blocks++)
                               : "layer" + std::to_string(layers++);
    named.push_back({SmallVector<Operation *>(path.data.getOperations().slice(
                         unit.begin, unit.end - unit.begin)),
                     name});
  }
  return named;
}

//===----------------------------------------------------------------------===//
// Outlining
//===----------------------------------------------------------------------===//

/// Clones what an operation reads and that does not depend on data.
static void cloneConstants(OpBuilder &builder, Operation *op,
                           const DataPath &path, IRMapping &mapping) {
  for (Value value : getReadValues(op)) {
    if (mapping.contains(value) || path.contains(value))
      continue;
    cloneConstants(builder, value.getDefiningOp(), path, mapping);
    builder.clone(*value.getDefiningOp(), mapping);
  }
}

/// Fills one body of a region with the operations.
static void buildBody(Region &body, const NamedUnit &unit, const DataPath &path,
                      ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
  Location loc = unit.operations.front()->getLoc();
  OpBuilder builder(body.getContext());
  Block *block = builder.createBlock(&body);
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, block->addArgument(input.getType(), loc));
  for (Operation *op : unit.operations) {
    cloneConstants(builder, op, path, mapping);
    Operation *clone = builder.clone(*op, mapping);
    clone->removeAttr(inRegionName);
  }
  YieldOp::create(builder, loc, llvm::map_to_vector(outputs, [&](Value v) {
                    return mapping.lookup(v);
                  }));
}

LogicalResult FormRegions::outline(const NamedUnit &unit,
                                   const DataPath &path) {
  DenseSet<Operation *> inside(unit.operations.begin(), unit.operations.end());
  SetVector<Value> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : unit.operations) {
    for (Value value : getReadValues(op))
      if (path.contains(value) && !inside.contains(value.getDefiningOp()))
        inputs.insert(value);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(
                op->getBlock()->findAncestorOpInBlock(*user));
          }))
        outputs.push_back(result);
  }
  // The region stands behind its last input and in front of its first user.
  OpBuilder builder(unit.operations.back());
  for (Value input : inputs)
    if (input.getDefiningOp() &&
        unit.operations.back()->isBeforeInBlock(input.getDefiningOp()))
      return unit.operations.front()->emitError()
             << "region '" << unit.name
             << "' reads a value that is computed behind it";
  for (Value output : outputs)
    for (Operation *user : output.getUsers()) {
      Operation *top =
          unit.operations.back()->getBlock()->findAncestorOpInBlock(*user);
      if (!inside.contains(top) && top->isBeforeInBlock(unit.operations.back()))
        return unit.operations.front()->emitError()
               << "region '" << unit.name
               << "' is not contiguous: another operation reads its value "
                  "before it ends";
    }
  auto region = RegionOp::create(builder, unit.operations.front()->getLoc(),
                                 TypeRange(ValueRange(outputs)), unit.name,
                                 inputs.getArrayRef(),
                                 /*status=*/CalibratedAttr(),
                                 /*input_channels=*/DenseI64ArrayAttr(),
                                 /*result_channels=*/DenseI64ArrayAttr());
  buildBody(region.getFloatBody(), unit, path, inputs.getArrayRef(), outputs);
  buildBody(region.getQuantizedBody(), unit, path, inputs.getArrayRef(),
            outputs);
  for (auto [output, result] : llvm::zip_equal(outputs, region.getResults()))
    output.replaceAllUsesWith(result);
  for (Operation *op : llvm::reverse(unit.operations))
    op->erase();
  ++numRegions;
  return success();
}

/// Layers that the user's regions leave out stay in floating point.
static void remarkLayersOutside(func::FuncOp function) {
  for (Operation &op : function.getBody().front())
    if (isLayer(&op))
      op.emitRemark("layer is in no region: it stays in floating point");
}

/// Networks that have regions already.
LogicalResult FormRegions::checkNotAnnotated() {
  WalkResult result = getOperation().walk([](RegionOp region) {
    region.emitError("network is annotated already, with region @")
        << region.getSymName()
        << "; expected it as the frontend wrote it, or -pdq-calibrate next";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void FormRegions::runOnOperation() {
  if (failed(checkNotAnnotated()))
    return signalPassFailure();
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function.isDeclaration() || !function.getBody().hasOneBlock())
      continue;
    SmallVector<NamedUnit> units = findUnits(function);
    llvm::StringSet<> names;
    for (const NamedUnit &unit : units) {
      if (!names.insert(unit.name).second) {
        unit.operations.front()->emitError()
            << "region '" << unit.name << "' is not contiguous";
        return signalPassFailure();
      }
      // Outlining changes the block, so the data path is taken anew.
      if (failed(outline(unit, DataPath(function.getBody().front()))))
        return signalPassFailure();
    }
    remarkLayersOutside(function);
    if (units.empty())
      function.emitRemark("no layer with a constant weight found; nothing to "
                          "quantize");
  }
  recordOption(
      getOperation(), "granularity",
      StringAttr::get(&getContext(),
                      getValueName(granularity, granularity.getValue())));
}
