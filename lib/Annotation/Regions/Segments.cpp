// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data path cut into segments, and segments joined into ranges.

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

/// Merges `next` into `range`, which ends where it begins.
static void merge(Segment &range, const Segment &next) {
  range.end = next.end;
  range.numLayers += next.numLayers;
  range.isJoin |= next.isJoin;
  range.numBounds += next.numBounds;
  range.isDepthwise |= next.isDepthwise;
  range.isPointwise &= next.isPointwise;
}

namespace {
/// Ranges that are formed front to back. Steps between two of them complete the
/// one in front, prepare the one behind, or belong to none.
class RangeBuilder {
public:
  bool isOpen() const { return open; }
  SmallVector<Segment> take() { return std::move(ranges); }
  const Segment &getLast() const { return ranges.back(); }

  /// Begins a range with a step that has a layer or a sum.
  void begin(const Segment &step) {
    ranges.push_back(step);
    ranges.back().begin = preparation.value_or(step.begin);
    preparation.reset();
    mustPrepare = false;
    open = true;
  }
  /// Adds a step to the open range, with the views in between.
  void complete(const Segment &step) {
    merge(ranges.back(), step);
    preparation.reset();
    mustPrepare = false;
  }
  /// Keeps a step for the next range; only views leave the last one open.
  void prepare(const Segment &step, bool isViews) {
    preparation = preparation.value_or(step.begin);
    mustPrepare |= step.computesInput;
    open &= isViews;
  }
  /// Leaves a step out, unless the next range begins in front of it.
  void skip() {
    if (!mustPrepare)
      preparation.reset();
    open = false;
  }

private:
  SmallVector<Segment> ranges;
  std::optional<size_t> preparation;
  /// The preparation has a quantizer: it cannot be left out.
  bool mustPrepare = false;
  bool open = false;
};
} // namespace

/// Ranges of one layer or one residual block.
static SmallVector<Segment> openRanges(const NetworkPath &path,
                                       ArrayRef<Segment> segments) {
  RangeBuilder ranges;
  for (const Segment &segment : segments) {
    ArrayRef<Operation *> operations = path.data.getOperations().slice(
        segment.begin, segment.end - segment.begin);
    // An activation function may use its input twice: x * sigmoid(x).
    bool completes =
        segment.computesInput || llvm::all_of(operations, isCompletion);
    if (segment.numLayers > 0)
      ranges.begin(segment);
    else if (ranges.isOpen() && completes)
      ranges.complete(segment);
    else if (segment.computesInput || llvm::all_of(operations, isPreparation))
      ranges.prepare(segment, llvm::all_of(operations, isView));
    else // Pooling and the like belong to no range.
      ranges.skip();
  }
  return ranges.take();
}

/// Whether a range is one layer of the given kind.
static bool isExpansion(const Segment &range) {
  return range.numLayers == 1 && !range.isJoin && !range.isDepthwise &&
         range.isPointwise && range.numBounds > 0;
}
static bool isDepthwiseLayer(const Segment &range) {
  return range.numLayers == 1 && !range.isJoin && range.isDepthwise &&
         range.numBounds > 0;
}
static bool isProjection(const Segment &range) {
  return range.numLayers == 1 && !range.isJoin && !range.isDepthwise &&
         range.isPointwise && range.numBounds == 0;
}

/// Number of ranges from the first on that make an inverted residual without
/// skip; 1 where there is none.
static size_t matchBottleneck(ArrayRef<Segment> ranges) {
  auto adjoins = [&](size_t i) { return ranges[i - 1].end == ranges[i].begin; };
  if (ranges.size() > 2 && isExpansion(ranges[0]) &&
      isDepthwiseLayer(ranges[1]) && isProjection(ranges[2]) && adjoins(1) &&
      adjoins(2))
    return 3;
  // The graph of a separable stem is the same, up to the activation function.
  if (ranges.size() > 1 && isDepthwiseLayer(ranges[0]) &&
      ranges[0].numBounds > 1 && isProjection(ranges[1]) && adjoins(1))
    return 2;
  return 1;
}

SmallVector<Segment> mlir::pdq::mergeSegments(const NetworkPath &path,
                                              ArrayRef<Segment> segments,
                                              bool joinBottlenecks) {
  SmallVector<Segment> ranges = openRanges(path, segments), joined;
  for (ArrayRef<Segment> rest = ranges; !rest.empty();) {
    size_t count = joinBottlenecks ? matchBottleneck(rest) : 1;
    joined.push_back(rest.front());
    for (const Segment &part : rest.slice(1, count - 1))
      merge(joined.back(), part);
    rest = rest.drop_front(count);
  }
  return joined;
}

/// Whether all data that `op` reads is computed by the operations of `range`.
static bool readsOnly(Operation *op, const Segment &range,
                      const DataPath &path) {
  ArrayRef<Operation *> inside =
      path.getOperations().slice(range.begin, range.end - range.begin);
  return llvm::all_of(path.getDataOperands(op), [&](Value operand) {
    while (isView(operand.getDefiningOp()))
      operand = getViewSource(operand.getDefiningOp());
    return llvm::is_contained(inside, operand.getDefiningOp());
  });
}

SmallVector<Segment> mlir::pdq::splitLayers(const NetworkPath &path,
                                            size_t begin, size_t end) {
  RangeBuilder ranges;
  for (size_t position = begin; position < end; ++position) {
    Operation *op = path.data.getOperations()[position];
    Segment step{position, position + 1};
    addOperation(step, path, op);
    bool restoresBatch =
        isView(op) && !isBatchFirst(op->getOperand(0), path.data);
    // A view that merges the batch with tokens belongs to what reads it.
    bool losesBatch = isView(op) && !isBatchFirst(op->getResult(0), path.data);
    bool completes = ranges.isOpen() && !losesBatch &&
                     (isCompletion(op) || restoresBatch || step.computesInput);
    bool isSum = step.isJoin &&
                 !(completes && readsOnly(op, ranges.getLast(), path.data));
    if (step.numLayers > 0 || isSum)
      ranges.begin(step);
    else if (completes)
      ranges.complete(step);
    else if (step.computesInput || isPreparation(op))
      ranges.prepare(step, isView(op));
    else
      ranges.skip();
  }
  SmallVector<Segment> result = ranges.take();
  // Behind the last layer of the network nothing is quantized.
  while (end == path.data.getOperations().size() && !result.empty() &&
         result.back().numLayers == 0)
    result.pop_back();
  return result;
}
