// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups the operations of a network into reconstruction regions.

#include "Segments.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Network/Layers/Structure.h"
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
/// A range with its name.
struct NamedRange {
  SmallVector<Operation *> operations;
  std::string name;
};

struct FormRegions : pdq::impl::FormRegionsBase<FormRegions> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult checkNotAnnotated();
  SmallVector<NamedRange> findRanges(func::FuncOp function);
  LogicalResult outline(const NamedRange &range, const DataPath &path);
};
} // namespace

/// Ranges that the user has marked; empty where there are none.
static SmallVector<NamedRange> findMarkedRanges(const DataPath &path) {
  SmallVector<NamedRange> ranges;
  for (Operation *op : path.getOperations()) {
    auto name = op->getAttrOfType<StringAttr>(inRegionName);
    if (!name)
      continue;
    if (ranges.empty() || ranges.back().name != name.getValue())
      ranges.push_back({{}, name.str()});
    ranges.back().operations.push_back(op);
  }
  return ranges;
}

/// Splits blocks with too many layers, such as a whole U-Net.
static SmallVector<Segment> splitHugeBlocks(const NetworkPath &path,
                                            ArrayRef<Segment> ranges) {
  SmallVector<Segment> split;
  for (const Segment &range : ranges) {
    if (range.numLayers <= maxLayers) {
      split.push_back(range);
      continue;
    }
    path.data.getOperations()[range.begin]->emitRemark("block has ")
        << range.numLayers << " layers, more than " << maxLayers
        << ": it is reconstructed layer by layer";
    llvm::append_range(split, splitLayers(path, range.begin, range.end));
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
static Value findValueWithoutBatch(const DataPath &path, const Segment &range,
                                   int64_t batch, bool atInputs) {
  auto operations = path.getOperations();
  auto inside = operations.slice(range.begin, range.end - range.begin);
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

/// Joins `range` with the one behind it; where there is none it ends with the
/// network.
static void joinNext(SmallVectorImpl<Segment> &ranges, size_t number,
                     size_t numOperations) {
  Segment &range = ranges[number];
  if (number + 1 == ranges.size()) {
    range.end = numOperations;
    return;
  }
  range.end = ranges[number + 1].end;
  range.numLayers += ranges[number + 1].numLayers;
  ranges.erase(ranges.begin() + number + 1);
}

/// Regions are calibrated on mini-batches of what crosses their borders, so
/// ranges grow until only values whose dimension 0 is the batch do.
static void joinAtValuesWithoutBatch(const DataPath &path, int64_t batch,
                                     SmallVectorImpl<Segment> &ranges) {
  size_t numOperations = path.getOperations().size();
  for (size_t i = 0; i < ranges.size();) {
    Value input = findValueWithoutBatch(path, ranges[i], batch, true);
    Value result =
        input ? Value() : findValueWithoutBatch(path, ranges[i], batch, false);
    bool canGrow = input ? ranges[i].begin > 0 : ranges[i].end < numOperations;
    if ((!input && !result) || !canGrow) {
      ++i;
      continue;
    }
    Value value = input ? input : result;
    path.getOperations()[ranges[i].begin]->emitRemark(
        "region grows: a value of type ")
        << value.getType() << " at its border does not have the batch " << batch
        << " as dimension 0";
    if (result) {
      joinNext(ranges, i, numOperations);
      continue;
    }
    if (i == 0) {
      ranges[i].begin = 0;
      continue;
    }
    joinNext(ranges, --i, numOperations);
  }
}

SmallVector<NamedRange> FormRegions::findRanges(func::FuncOp function) {
  NetworkPath path(function.getBody().front());
  SmallVector<NamedRange> marked = findMarkedRanges(path.data);
  if (!marked.empty())
    return marked;
  SmallVector<Segment> ranges;
  if (granularity == RegionGranularity::Layer) {
    ranges = splitLayers(path, 0, path.data.getOperations().size());
  } else {
    ranges = mergeSegments(path, cutSegments(path), /*joinBottlenecks=*/true);
    if (granularity == RegionGranularity::Block)
      ranges = splitHugeBlocks(path, ranges);
  }
  if (granularity == RegionGranularity::Network && ranges.size() > 1) {
    ranges.front().end = ranges.back().end;
    ranges.resize(1);
  }
  if (std::optional<int64_t> batch = getBatch(function))
    joinAtValuesWithoutBatch(path.data, *batch, ranges);
  SmallVector<NamedRange> named;
  unsigned layers = 0, blocks = 0;
  for (const Segment &range : ranges) {
    bool isBlock = range.numLayers > 1;
    std::string name = isBlock ? "block" + std::to_string(blocks++)
                               : "layer" + std::to_string(layers++);
    named.push_back({SmallVector<Operation *>(path.data.getOperations().slice(
                         range.begin, range.end - range.begin)),
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
static void buildBody(Region &body, const NamedRange &range,
                      const DataPath &path, ArrayRef<Value> inputs,
                      ArrayRef<Value> outputs) {
  Location loc = range.operations.front()->getLoc();
  OpBuilder builder(body.getContext());
  Block *block = builder.createBlock(&body);
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, block->addArgument(input.getType(), loc));
  for (Operation *op : range.operations) {
    cloneConstants(builder, op, path, mapping);
    Operation *clone = builder.clone(*op, mapping);
    clone->removeAttr(inRegionName);
  }
  YieldOp::create(builder, loc, llvm::map_to_vector(outputs, [&](Value v) {
                    return mapping.lookup(v);
                  }));
}

LogicalResult FormRegions::outline(const NamedRange &range,
                                   const DataPath &path) {
  DenseSet<Operation *> inside(range.operations.begin(),
                               range.operations.end());
  SetVector<Value> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : range.operations) {
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
  OpBuilder builder(range.operations.back());
  for (Value input : inputs)
    if (input.getDefiningOp() &&
        range.operations.back()->isBeforeInBlock(input.getDefiningOp()))
      return range.operations.front()->emitError()
             << "region @" << range.name
             << " reads a value that is computed behind it";
  for (Value output : outputs)
    for (Operation *user : output.getUsers()) {
      Operation *top =
          range.operations.back()->getBlock()->findAncestorOpInBlock(*user);
      if (!inside.contains(top) &&
          top->isBeforeInBlock(range.operations.back()))
        return range.operations.front()->emitError()
               << "region @" << range.name
               << " is not contiguous: another operation reads its value "
                  "before it ends";
    }
  auto region = RegionOp::create(builder, range.operations.front()->getLoc(),
                                 TypeRange(ValueRange(outputs)), range.name,
                                 inputs.getArrayRef(),
                                 /*status=*/CalibratedAttr(),
                                 /*input_channels=*/DenseI64ArrayAttr(),
                                 /*result_channels=*/DenseI64ArrayAttr());
  buildBody(region.getFloatBody(), range, path, inputs.getArrayRef(), outputs);
  buildBody(region.getQuantizedBody(), range, path, inputs.getArrayRef(),
            outputs);
  for (auto [output, result] : llvm::zip_equal(outputs, region.getResults()))
    output.replaceAllUsesWith(result);
  for (Operation *op : llvm::reverse(range.operations))
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
    SmallVector<NamedRange> ranges = findRanges(function);
    llvm::StringSet<> names;
    for (const NamedRange &range : ranges) {
      if (!names.insert(range.name).second) {
        range.operations.front()->emitError()
            << "region @" << range.name << " is not contiguous";
        return signalPassFailure();
      }
      // Outlining changes the block, so the data path is taken anew.
      if (failed(outline(range, DataPath(function.getBody().front()))))
        return signalPassFailure();
    }
    remarkLayersOutside(function);
    if (ranges.empty())
      function.emitRemark("no layer with a constant weight found; nothing to "
                          "quantize");
  }
  recordOption(
      getOperation(), "granularity",
      StringAttr::get(&getContext(),
                      getValueName(granularity, granularity.getValue())));
}
