// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The constant behind a layer's weight, and which of its dimensions are output
// channels.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Network/Constants/ConstantEvaluator.h"
#include "pdq/Network/Layers/FactoredIndex.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Output channels
//===----------------------------------------------------------------------===//

/// Loops that index output channels: those of both filter and result.
static SmallVector<AffineExpr> getChannelLoops(linalg::LinalgOp layer) {
  ArrayRef<AffineExpr> filter =
      layer.getMatchingIndexingMap(layer.getDpsInputOperand(1)).getResults();
  ArrayRef<AffineExpr> result =
      layer.getMatchingIndexingMap(layer.getDpsInitOperand(0)).getResults();
  SmallVector<AffineExpr> loops;
  llvm::copy_if(result, std::back_inserter(loops), [&](AffineExpr expr) {
    return isa<AffineDimExpr>(expr) && llvm::is_contained(filter, expr);
  });
  return loops;
}

/// The dimension of an operand that each of the loops indexes.
static SmallVector<int64_t> findDims(AffineMap map,
                                     ArrayRef<AffineExpr> loops) {
  return llvm::map_to_vector(loops, [&](AffineExpr loop) {
    return static_cast<int64_t>(*map.getResultPosition(loop));
  });
}

SmallVector<int64_t> mlir::pdq::getChannelDims(linalg::LinalgOp layer) {
  return findDims(layer.getMatchingIndexingMap(layer.getDpsInitOperand(0)),
                  getChannelLoops(layer));
}

SmallVector<int64_t> mlir::pdq::getWeightChannelDims(linalg::LinalgOp layer) {
  return findDims(layer.getMatchingIndexingMap(layer.getDpsInputOperand(1)),
                  getChannelLoops(layer));
}

//===----------------------------------------------------------------------===//
// The constant
//===----------------------------------------------------------------------===//

SmallVector<Operation *> LayerWeight::getViews() const {
  SmallVector<Operation *> views;
  for (Value value = operand->get(); value != constant;
       value = getViewSource(views.back()))
    views.push_back(value.getDefiningOp());
  return views;
}

/// The dimensions of a weight's constant as functions of those that the layer
/// reads.
static std::optional<FactoredIndices>
getConstantIndices(const LayerWeight &weight) {
  auto type = cast<RankedTensorType>(weight.operand->get().getType());
  std::optional<FactoredIndices> indices = getOwnIndices(type);
  for (Operation *view : weight.getViews()) {
    auto source = getSourceIndices(view);
    if (!source || !(indices = substitute(*source, *indices)))
      return std::nullopt;
  }
  return indices;
}

/// Dimensions of the constant that index output channels; nothing where one of
/// them indexes something else, too.
static std::optional<SmallVector<int64_t>>
findAxes(const LayerWeight &weight, ArrayRef<int64_t> channels) {
  auto indices = getConstantIndices(weight);
  if (!indices)
    return std::nullopt;
  SmallVector<int64_t> axes;
  for (auto [dim, index] : llvm::enumerate(*indices)) {
    auto isChannel = [&](const IndexDigit &digit) {
      return llvm::is_contained(channels, digit.dim);
    };
    if (llvm::none_of(index.getDigits(), isChannel))
      continue;
    if (!llvm::all_of(index.getDigits(), isChannel))
      return std::nullopt;
    axes.push_back(dim);
  }
  return axes;
}

/// Splits a constant whose dimensions `first` and `first + 1` index output
/// channels into a constant with one such dimension, which is returned, and a
/// view of it; null where it is none that canonicalization could have reshaped.
static Value joinChannels(Value value, int64_t first) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements)
    return {};
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> groups;
  for (auto [dim, size] : llvm::enumerate(elements.getType().getShape())) {
    if (static_cast<int64_t>(dim) == first + 1) {
      shape.back() *= size;
      groups.back().push_back(dim);
      continue;
    }
    shape.push_back(size);
    groups.push_back({static_cast<int64_t>(dim)});
  }
  OpBuilder builder(constant);
  Value joined = arith::ConstantOp::create(
      builder, constant.getLoc(),
      elements.reshape(elements.getType().clone(shape)));
  Value view = tensor::ExpandShapeOp::create(builder, constant.getLoc(),
                                             value.getType(), joined, groups);
  value.replaceAllUsesWith(view);
  return joined;
}

/// A view of type `type` of `value` [channels, rest...]: the channels are split
/// into its first `count` dimensions; where that is 0, the dimension is
/// dropped.
static Value splitChannels(OpBuilder &builder, Location loc, Value value,
                           RankedTensorType type, int64_t count) {
  SmallVector<ReassociationIndices> groups;
  if (count == 1)
    return value;
  if (count == 0) {
    groups.push_back({0, 1});
    for (int64_t dim = 2; dim <= type.getRank(); ++dim)
      groups.push_back({dim});
    return tensor::CollapseShapeOp::create(builder, loc, type, value, groups);
  }
  groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(count)));
  for (int64_t dim = count; dim < type.getRank(); ++dim)
    groups.push_back({dim});
  return tensor::ExpandShapeOp::create(builder, loc, type, value, groups);
}

/// Gives the layer a constant [channels, rest...] behind views that restore
/// what it read.
static std::optional<LayerWeight> rebuildWeight(linalg::LinalgOp layer,
                                                ArrayRef<int64_t> channels) {
  OpOperand *operand = layer.getDpsInputOperand(1);
  auto type = cast<RankedTensorType>(operand->get().getType());
  ConstantEvaluator evaluator;
  std::optional<ConstantTensor> elements = evaluator.evaluate(operand->get());
  if (!elements || type.getRank() == 0)
    return std::nullopt;
  SmallVector<int64_t> order(channels), split, shape{1};
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (!llvm::is_contained(channels, dim))
      order.push_back(dim);
  for (auto [position, dim] : llvm::enumerate(order)) {
    split.push_back(type.getDimSize(dim));
    if (position < channels.size())
      shape.front() *= split.back();
    else
      shape.push_back(split.back());
  }
  OpBuilder builder(layer);
  Location loc = layer.getLoc();
  Value constant = arith::ConstantOp::create(
      builder, loc, elements->transpose(order).reshape(shape).getAttribute());
  Value view =
      splitChannels(builder, loc, constant, type.clone(split), channels.size());
  if (!llvm::is_sorted(order)) {
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
    view = linalg::TransposeOp::create(builder, loc, view, empty,
                                       invertPermutationVector(order))
               ->getResult(0);
  }
  operand->set(view);
  return LayerWeight{operand, constant, 0};
}

FailureOr<LayerWeight> mlir::pdq::findWeight(linalg::LinalgOp layer) {
  OpOperand *operand = layer.getDpsInputOperand(1);
  Value value = operand->get();
  while (isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  if (!value.getDefiningOp<arith::ConstantOp>())
    return layer.emitOpError("has a weight that is no constant");
  LayerWeight weight{operand, value, 0};
  SmallVector<int64_t> channels = getWeightChannelDims(layer);
  auto axes = findAxes(weight, channels);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (channels.empty())
    layer->emitRemark("weight of type ")
        << value.getType()
        << " has no output channels: it is quantized per tensor";
  if (axes && axes->empty()) {
    // One channel: any dimension of size 1 counts it.
    const int64_t *unit = llvm::find(shape, 1);
    if (unit != shape.end())
      axes->push_back(unit - shape.begin());
  }
  if (axes && axes->size() == 1) {
    weight.axis = axes->front();
    return weight;
  }
  if (axes && axes->size() == 2 && (*axes)[1] == (*axes)[0] + 1)
    if (Value joined = joinChannels(value, axes->front()))
      return LayerWeight{operand, joined, axes->front()};
  if (std::optional<LayerWeight> rebuilt = rebuildWeight(layer, channels))
    return *rebuilt;
  return layer.emitOpError() << "has a weight of type " << value.getType()
                             << " whose output channels cannot be made one "
                                "dimension of it";
}
