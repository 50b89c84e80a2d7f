// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dimension of a value that holds a layer's output channels.

#include "OutputAxis.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/IR/PDQ.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
using Dims = SmallVector<int64_t>;

/// Finds the channel dimensions of values; each value is visited once.
class ChannelFinder {
public:
  Dims find(Value value) {
    auto [place, isNew] = known.try_emplace(value);
    if (!isNew)
      return place->second;
    Dims dims = compute(value);
    return known[value] = dims;
  }

private:
  Dims compute(Value value);
  Dims visit(linalg::LinalgOp op);
  Dims visit(tensor::CollapseShapeOp op);
  Dims visit(tensor::ExpandShapeOp op);

  DenseMap<Value, Dims> known;
};
} // namespace

/// Whether a value depends on constants only, as a filter that is reversed
/// does.
static bool isConstant(Value value) {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i) {
    Operation *op = values[i].getDefiningOp();
    if (!op || isa<RegionOp>(op))
      return false;
    values.insert(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), values);
  }
  return true;
}

/// Dimensions of the result that the loops of dimensions `dims` of `map` index.
static Dims followLoops(AffineMap map, ArrayRef<int64_t> dims,
                        AffineMap result) {
  Dims found;
  for (int64_t dim : dims)
    for (auto [place, expr] : llvm::enumerate(result.getResults()))
      if (isa<AffineDimExpr>(expr) && map.getResult(dim) == expr)
        found.push_back(place);
  return found;
}

/// Dimensions of the result along which a constant operand, a bias, differs.
static Dims followBias(linalg::LinalgOp op, OpOperand *operand,
                       AffineMap result) {
  auto type = dyn_cast<RankedTensorType>(operand->get().getType());
  if (!type || !isConstant(operand->get()))
    return {};
  Dims proper;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (size != 1)
      proper.push_back(dim);
  return followLoops(op.getMatchingIndexingMap(operand), proper, result);
}

/// Of a layer the loops that its filter and its result have in common. Where
/// the channels were split (a transposed convolution by phases), the bias that
/// is added behind tells what they have become.
Dims ChannelFinder::visit(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1)
    return {};
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  bool isLayer = op.getNumDpsInputs() == 2 && op.getNumReductionLoops() > 0 &&
                 isConstant(op.getDpsInputOperand(1)->get());
  if (isLayer) {
    AffineMap filter = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
    return followLoops(
        filter, llvm::to_vector(llvm::seq<int64_t>(filter.getNumResults())),
        result);
  }
  for (OpOperand *operand : op.getDpsInputOperands())
    if (Dims dims = find(operand->get()); !dims.empty())
      return followLoops(op.getMatchingIndexingMap(operand), dims, result);
  for (OpOperand *operand : op.getDpsInputOperands())
    if (Dims dims = followBias(op, operand, result); dims.size() == 1)
      return dims;
  return {};
}

Dims ChannelFinder::visit(tensor::CollapseShapeOp op) {
  llvm::SmallSetVector<int64_t, 4> merged;
  for (int64_t dim : find(op.getSrc()))
    for (auto [place, group] : llvm::enumerate(op.getReassociationIndices()))
      if (llvm::is_contained(group, dim))
        merged.insert(place);
  return llvm::to_vector(merged);
}

/// A dimension that is split has no successor unless all parts but one are 1.
Dims ChannelFinder::visit(tensor::ExpandShapeOp op) {
  Dims found;
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  for (int64_t dim : find(op.getSrc())) {
    Dims parts = llvm::to_vector(llvm::make_filter_range(
        op.getReassociationIndices()[dim],
        [&](int64_t part) { return shape[part] != 1; }));
    if (parts.size() != 1)
      return {};
    found.push_back(parts.front());
  }
  return found;
}

Dims ChannelFinder::compute(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto region = dyn_cast<RegionOp>(argument.getOwner()->getParentOp());
    return region ? find(region.getInputs()[argument.getArgNumber()]) : Dims();
  }
  unsigned number = cast<OpResult>(value).getResultNumber();
  return llvm::TypeSwitch<Operation *, Dims>(value.getDefiningOp())
      .Case([&](RegionOp op) {
        return find(
            op.getFloatBody().front().getTerminator()->getOperand(number));
      })
      .Case([&](BatchNormOp op) {
        return Dims{static_cast<int64_t>(op.getAxis())};
      })
      .Case<linalg::LinalgOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [&](auto op) { return visit(op); })
      .Case<FakeQuantOp, tensor::CastOp, tensor::PadOp>(
          [&](auto op) { return find(op->getOperand(0)); })
      .Case([&](tensor::ConcatOp op) { return find(op.getInputs().front()); })
      .Default([](Operation *) { return Dims(); });
}

std::optional<int64_t> mlir::pdq::findChannelAxis(Value value) {
  Dims dims = ChannelFinder().find(value);
  if (dims.size() != 1)
    return std::nullopt;
  return dims.front();
}
