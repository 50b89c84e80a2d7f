// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data path cut into segments, and segments joined into units.

#include "Segments.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Cutting
//===----------------------------------------------------------------------===//

/// Whether every filter dimension that slides over the input has size 1.
static bool hasPointFilter(linalg::LinalgOp layer) {
  OpOperand *filter = layer.getDpsInputOperand(1);
  auto type = cast<RankedTensorType>(filter->get().getType());
  AffineMap input = layer.getMatchingIndexingMap(layer.getDpsInputOperand(0));
  ArrayRef<AffineExpr> results =
      layer.getMatchingIndexingMap(filter).getResults();
  for (size_t dim = 0; dim < results.size(); ++dim) {
    AffineExpr expr = results[dim];
    bool slides = llvm::any_of(input.getResults(), [&](AffineExpr result) {
      return !isa<AffineDimExpr>(result) &&
             result.isFunctionOfDim(cast<AffineDimExpr>(expr).getPosition());
    });
    if (slides && type.getDimSize(dim) != 1)
      return false;
  }
  return true;
}

/// Whether every loop of the sum goes over the window: no input channels are
/// summed.
static bool isDepthwise(linalg::LinalgOp layer) {
  AffineMap input = layer.getMatchingIndexingMap(layer.getDpsInputOperand(0));
  SmallVector<unsigned> reductions;
  layer.getReductionDims(reductions);
  return llvm::none_of(reductions, [&](unsigned dim) {
    return llvm::is_contained(input.getResults(),
                              getAffineDimExpr(dim, layer.getContext()));
  });
}

static void addOperation(Segment &segment, const NetworkPath &path,
                         Operation *op) {
  if (isLayer(op)) {
    auto layer = cast<linalg::LinalgOp>(op);
    segment.isDepthwise |= isDepthwise(layer);
    segment.isPointwise &= hasPointFilter(layer);
  }
  bool combines = isElementwise(op) || isa<tensor::ConcatOp>(op);
  segment.numLayers += isMultiplyAccumulate(op);
  segment.computesInput |= path.computesInput(op);
  segment.isJoin |= combines && path.data.getDataOperands(op).size() > 1;
  segment.numBounds += countBounds(op);
}

/// Whether dimension 0 of a value is the batch, as it must be at the border of
/// a region: samples are kept and drawn one by one.
static bool isBatchFirst(Value value, const DataPath &path) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Block *block = path.getOperations().front()->getBlock();
  auto input = block->getNumArguments() > 0
                   ? dyn_cast<RankedTensorType>(block->getArgument(0).getType())
                   : RankedTensorType();
  return type && input && type.getRank() > 0 && input.getRank() > 0 &&
         type.getDimSize(0) == input.getDimSize(0);
}

SmallVector<Segment> mlir::pdq::cutSegments(const NetworkPath &path) {
  ArrayRef<Operation *> operations = path.data.getOperations();
  DenseMap<Operation *, size_t> positions;
  for (auto [position, op] : llvm::enumerate(operations))
    positions[op] = position;
  // Data values that are live behind each operation, and one of them.
  SmallVector<int> live(operations.size() + 1, 0);
  SmallVector<Value> carried(operations.size() + 1);
  auto addRange = [&](Value value, size_t begin) {
    size_t end = begin;
    for (Operation *user : value.getUsers()) {
      Operation *top = value.getParentBlock()->findAncestorOpInBlock(*user);
      auto position = positions.find(top);
      end = std::max(end, position == positions.end() ? operations.size()
                                                      : position->second);
    }
    for (size_t i = begin; i < end; ++i) {
      ++live[i];
      carried[i] = value;
    }
  };
  for (auto [position, op] : llvm::enumerate(operations))
    for (Value result : op->getResults())
      addRange(result, position);
  if (!operations.empty())
    for (Value argument : operations.front()->getBlock()->getArguments())
      addRange(argument, 0);

  SmallVector<Segment> segments;
  Segment current{0, 0};
  for (auto [position, op] : llvm::enumerate(operations)) {
    addOperation(current, path, op);
    bool isBorder =
        live[position] == 1 && isBatchFirst(carried[position], path.data);
    if (!isBorder && position + 1 != operations.size())
      continue;
    current.end = position + 1;
    segments.push_back(current);
    current = Segment{position + 1, position + 1};
  }
  return segments;
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

/// Whether an operation prepares the input of the next layer.
static bool isPreparation(Operation *op) {
  return isa<tensor::PadOp>(op) || isView(op);
}

/// Whether an operation completes the layer in front.
static bool isCompletion(Operation *op) {
  return isElementwise(op) || isa<BatchNormOp>(op) ||
         isa<tensor::CollapseShapeOp, tensor::CastOp>(op);
}

/// Merges `next` into `unit`, which ends where it begins.
static void merge(Segment &unit, const Segment &next) {
  unit.end = next.end;
  unit.numLayers += next.numLayers;
  unit.isJoin |= next.isJoin;
  unit.numBounds += next.numBounds;
  unit.isDepthwise |= next.isDepthwise;
  unit.isPointwise &= next.isPointwise;
}

namespace {
/// Units that are formed front to back. Steps between two of them complete the
/// one in front, prepare the one behind, or belong to none.
class UnitBuilder {
public:
  bool isOpen() const { return open; }
  SmallVector<Segment> take() { return std::move(units); }
  const Segment &getLast() const { return units.back(); }

  /// Begins a unit with a step that has a layer or a sum.
  void begin(const Segment &step) {
    units.push_back(step);
    units.back().begin = preparation.value_or(step.begin);
    preparation.reset();
    mustPrepare = false;
    open = true;
  }
  /// Adds a step to the open unit, with the views in between.
  void complete(const Segment &step) {
    merge(units.back(), step);
    preparation.reset();
    mustPrepare = false;
  }
  /// Keeps a step for the next unit; only views leave the last one open.
  void prepare(const Segment &step, bool isViews) {
    preparation = preparation.value_or(step.begin);
    mustPrepare |= step.computesInput;
    open &= isViews;
  }
  /// Leaves a step out, unless the next unit begins in front of it.
  void skip() {
    if (!mustPrepare)
      preparation.reset();
    open = false;
  }

private:
  SmallVector<Segment> units;
  std::optional<size_t> preparation;
  /// The preparation has a quantizer: it cannot be left out.
  bool mustPrepare = false;
  bool open = false;
};
} // namespace

/// Units of one layer or one residual block.
static SmallVector<Segment> openUnits(const NetworkPath &path,
                                      ArrayRef<Segment> segments) {
  UnitBuilder units;
  for (const Segment &segment : segments) {
    ArrayRef<Operation *> operations = path.data.getOperations().slice(
        segment.begin, segment.end - segment.begin);
    // An activation function may use its input twice: x * sigmoid(x).
    bool completes =
        segment.computesInput || llvm::all_of(operations, isCompletion);
    if (segment.numLayers > 0)
      units.begin(segment);
    else if (units.isOpen() && completes)
      units.complete(segment);
    else if (segment.computesInput || llvm::all_of(operations, isPreparation))
      units.prepare(segment, llvm::all_of(operations, isView));
    else // Pooling and the like belong to no unit.
      units.skip();
  }
  return units.take();
}

/// Whether a unit is one layer of the given kind.
static bool isExpansion(const Segment &unit) {
  return unit.numLayers == 1 && !unit.isJoin && !unit.isDepthwise &&
         unit.isPointwise && unit.numBounds > 0;
}
static bool isDepthwiseLayer(const Segment &unit) {
  return unit.numLayers == 1 && !unit.isJoin && unit.isDepthwise &&
         unit.numBounds > 0;
}
static bool isProjection(const Segment &unit) {
  return unit.numLayers == 1 && !unit.isJoin && !unit.isDepthwise &&
         unit.isPointwise && unit.numBounds == 0;
}

/// Number of units from the first on that make an inverted residual without
/// skip; 1 where there is none.
static size_t matchBottleneck(ArrayRef<Segment> units) {
  auto adjoins = [&](size_t i) { return units[i - 1].end == units[i].begin; };
  if (units.size() > 2 && isExpansion(units[0]) && isDepthwiseLayer(units[1]) &&
      isProjection(units[2]) && adjoins(1) && adjoins(2))
    return 3;
  // The graph of a separable stem is the same, up to the activation function.
  if (units.size() > 1 && isDepthwiseLayer(units[0]) &&
      units[0].numBounds > 1 && isProjection(units[1]) && adjoins(1))
    return 2;
  return 1;
}

SmallVector<Segment> mlir::pdq::joinUnits(const NetworkPath &path,
                                          ArrayRef<Segment> segments,
                                          bool joinBottlenecks) {
  SmallVector<Segment> units = openUnits(path, segments), joined;
  for (ArrayRef<Segment> rest = units; !rest.empty();) {
    size_t count = joinBottlenecks ? matchBottleneck(rest) : 1;
    joined.push_back(rest.front());
    for (const Segment &part : rest.slice(1, count - 1))
      merge(joined.back(), part);
    rest = rest.drop_front(count);
  }
  return joined;
}

/// Whether all data that `op` reads is computed by the operations of `unit`.
static bool readsOnly(Operation *op, const Segment &unit,
                      const DataPath &path) {
  ArrayRef<Operation *> inside =
      path.getOperations().slice(unit.begin, unit.end - unit.begin);
  return llvm::all_of(path.getDataOperands(op), [&](Value operand) {
    while (isView(operand.getDefiningOp()))
      operand = getViewSource(operand.getDefiningOp());
    return llvm::is_contained(inside, operand.getDefiningOp());
  });
}

SmallVector<Segment> mlir::pdq::splitLayers(const NetworkPath &path,
                                            size_t begin, size_t end) {
  UnitBuilder units;
  for (size_t position = begin; position < end; ++position) {
    Operation *op = path.data.getOperations()[position];
    Segment step{position, position + 1};
    addOperation(step, path, op);
    bool restoresBatch =
        isView(op) && !isBatchFirst(op->getOperand(0), path.data);
    // A view that merges the batch with tokens belongs to what reads it.
    bool losesBatch = isView(op) && !isBatchFirst(op->getResult(0), path.data);
    bool completes = units.isOpen() && !losesBatch &&
                     (isCompletion(op) || restoresBatch || step.computesInput);
    bool isSum = step.isJoin &&
                 !(completes && readsOnly(op, units.getLast(), path.data));
    if (step.numLayers > 0 || isSum)
      units.begin(step);
    else if (completes)
      units.complete(step);
    else if (step.computesInput || isPreparation(op))
      units.prepare(step, isView(op));
    else
      units.skip();
  }
  SmallVector<Segment> result = units.take();
  // Behind the last layer of the network nothing is quantized.
  while (end == path.data.getOperations().size() && !result.empty() &&
         result.back().numLayers == 0)
    result.pop_back();
  return result;
}
