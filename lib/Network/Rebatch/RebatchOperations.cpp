// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the batch goes through each kind of tensor operation, in place.

#include "BlockRebatcher.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

LogicalResult BlockRebatcher::visitExpand(tensor::ExpandShapeOp op) {
  BatchDim place = dims.lookup(op.getSrc());
  ReassociationIndices group = op.getReassociationIndices()[place.dim];
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> members;
  for (int64_t member : group)
    members.push_back(type.getDimSize(member));
  auto split = splitPlace(members, place);
  if (!split)
    return refuse(op, "splits the batch in a way that cannot be followed");
  BatchDim result = split->second;
  result.dim = group[split->first];
  OpBuilder builder(op);
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(op.getContext(), type.getShape());
  sizes[result.dim] = getSize(builder, op.getLoc(), result.factor);
  auto expanded = tensor::ExpandShapeOp::create(
      builder, op.getLoc(), getType(type, result), op.getSrc(),
      op.getReassociationIndices(), sizes);
  replace(op, expanded.getResult(), result);
  return success();
}

LogicalResult BlockRebatcher::visitCollapse(tensor::CollapseShapeOp op) {
  BatchDim place = dims.lookup(op.getSrc());
  RankedTensorType source = op.getSrcType();
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!llvm::is_contained(group, place.dim))
      continue;
    BatchDim result{static_cast<int64_t>(dim), place.factor, place.outer};
    for (int64_t member : group) {
      int64_t size = source.getDimSize(member);
      if (member == place.dim)
        continue;
      if (ShapedType::isDynamic(size) || size == 0)
        return refuse(op, "merges the batch in a way that cannot be followed");
      result.factor *= size;
      if (member < place.dim)
        result.outer *= size;
    }
    track(op.getResult(), result);
    return success();
  }
  return refuse(op, "loses the batch");
}

/// {{0, ..., rank - 1}}, or no group for a scalar.
static SmallVector<ReassociationIndices> groupAll(int64_t rank) {
  if (rank == 0)
    return {};
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
}

void BlockRebatcher::lowerReshapes() {
  for (auto op :
       llvm::make_early_inc_range(block.getOps<tensor::ReshapeOp>())) {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    auto result = dyn_cast<RankedTensorType>(op.getType());
    if (!source || !result || !source.hasStaticShape() ||
        !result.hasStaticShape())
      continue;
    OpBuilder builder(op);
    Value value = op.getSource();
    auto flat =
        RankedTensorType::get(source.getNumElements(), source.getElementType());
    if (source.getRank() == 0)
      value = tensor::ExpandShapeOp::create(builder, op.getLoc(), flat, value,
                                            groupAll(0));
    else if (source.getRank() > 1)
      value = tensor::CollapseShapeOp::create(builder, op.getLoc(), flat, value,
                                              groupAll(source.getRank()));
    if (result.getRank() == 0)
      value = tensor::CollapseShapeOp::create(builder, op.getLoc(), result,
                                              value, groupAll(0));
    else if (result.getRank() > 1)
      value = tensor::ExpandShapeOp::create(builder, op.getLoc(), result, value,
                                            groupAll(result.getRank()));
    if (value != op.getSource())
      value.getDefiningOp()->setDiscardableAttrs(
          op->getDiscardableAttrDictionary());
    op.replaceAllUsesWith(value);
    op.erase();
  }
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

LogicalResult BlockRebatcher::visitExtractSlice(tensor::ExtractSliceOp op) {
  BatchDim place = dims.lookup(op.getSource());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  if (dropped.test(place.dim))
    return refuse(op, "drops the dimension of the batch");
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  std::optional<int64_t> size = getConstantIntValue(sizes[place.dim]);
  bool isWhole = ShapedType::isDynamic(oldBatch) ||
                 (size ? *size == oldBatch * place.factor : oldBatch == batch);
  if (!isWhole || !isZeroInteger(op.getMixedOffsets()[place.dim]) ||
      !isOneInteger(op.getMixedStrides()[place.dim]))
    return refuse(op, "takes a part of the batch");
  OpBuilder builder(op);
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  BatchDim result = place;
  for (int64_t dim = 0; dim < place.dim; ++dim)
    result.dim -= dropped.test(dim);
  auto slice = tensor::ExtractSliceOp::create(
      builder, op.getLoc(), getType(op.getType(), result), op.getSource(),
      op.getMixedOffsets(), sizes, op.getMixedStrides());
  replace(op, slice.getResult(), result);
  return success();
}

LogicalResult BlockRebatcher::visitInsertSlice(tensor::InsertSliceOp op) {
  BatchDim place = isTracked(op.getSource()) ? dims.lookup(op.getSource())
                                             : dims.lookup(op.getDest());
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  std::optional<int64_t> size = getConstantIntValue(sizes[place.dim]);
  bool isWhole = ShapedType::isDynamic(oldBatch) ||
                 (size ? *size == oldBatch * place.factor : oldBatch == batch);
  if (op.getSourceType().getRank() != op.getDestType().getRank() || !isWhole ||
      !isZeroInteger(op.getMixedOffsets()[place.dim]) ||
      !isOneInteger(op.getMixedStrides()[place.dim]))
    return refuse(op, "inserts into a part of the batch");
  if (failed(adaptOperand(op.getSourceMutable(), place)) ||
      failed(adaptOperand(op.getDestMutable(), place)))
    return failure();
  OpBuilder builder(op);
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  auto insert = tensor::InsertSliceOp::create(
      builder, op.getLoc(), op.getSource(), op.getDest(), op.getMixedOffsets(),
      sizes, op.getMixedStrides());
  replace(op, insert.getResult(), place);
  return success();
}

LogicalResult BlockRebatcher::visitPad(tensor::PadOp op) {
  if (!isTracked(op.getSource()) || !op.getConstantPaddingValue())
    return refuse(op, "pads with a computed value");
  BatchDim place = dims.lookup(op.getSource());
  if (!isZeroInteger(op.getMixedLowPad()[place.dim]) ||
      !isZeroInteger(op.getMixedHighPad()[place.dim]))
    return refuse(op, "pads the batch");
  track(op.getResult(), place);
  return success();
}

LogicalResult BlockRebatcher::visitConcat(tensor::ConcatOp op) {
  std::optional<BatchDim> place;
  for (Value input : op.getInputs())
    if (isTracked(input))
      place = dims.lookup(input);
  if (static_cast<int64_t>(op.getDim()) == place->dim)
    return visitStack(op, *place);
  for (OpOperand &operand : op->getOpOperands())
    if (failed(adaptOperand(operand, *place)))
      return failure();
  track(op.getResult(), *place);
  return success();
}

/// Whole batches one after another, as of a stack in front of them: what they
/// are numbered by stands in front of the batch. One sample alone has them
/// behind it, as any other dimension.
LogicalResult BlockRebatcher::visitStack(tensor::ConcatOp op, BatchDim place) {
  if (oldBatch == 1)
    return refuse(op, "concatenates along the batch");
  for (OpOperand &operand : op->getOpOperands())
    if (failed(adaptOperand(operand, place)))
      return failure();
  for (Value input : op.getInputs())
    if (!isTracked(input))
      return refuse(op, "concatenates samples with what is no batch");
  int64_t count = op.getInputs().size();
  place.factor *= count;
  place.outer *= count;
  track(op.getResult(), place);
  return success();
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

LogicalResult BlockRebatcher::visitCast(tensor::CastOp op) {
  // What a cast says of other sizes is kept only where it adds something.
  BatchDim place = dims.lookup(op.getSource());
  auto source = cast<RankedTensorType>(op.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!result)
    return refuse(op, "forgets the shape of data");
  if (source.hasStaticShape() || source == getType(result, place)) {
    op.replaceAllUsesWith(op.getSource());
    dims.erase(op.getResult());
    op.erase();
    return success();
  }
  track(op.getResult(), place);
  return success();
}

LogicalResult BlockRebatcher::visitDim(tensor::DimOp op) {
  BatchDim place = dims.lookup(op.getSource());
  std::optional<int64_t> index = op.getConstantIndex();
  if (!index || *index != place.dim || ShapedType::isDynamic(batch))
    return success();
  OpBuilder builder(op);
  Value size = arith::ConstantIndexOp::create(builder, op.getLoc(),
                                              batch * place.factor);
  op.replaceAllUsesWith(size);
  op.erase();
  return success();
}

/// The dimension along which a quantizer or a batch norm has parameters, or the
/// elements of a quantized type have them.
static std::optional<int64_t> getParameterAxis(Operation *op) {
  if (auto norm = dyn_cast<BatchNormOp>(op))
    return norm.getAxis();
  if (auto quantizer = dyn_cast<FakeQuantOp>(op))
    return quantizer.getQuantizer().getAxis();
  for (Value value : {op->getOperand(0), Value(op->getResult(0))})
    if (auto type = dyn_cast<quant::UniformQuantizedPerAxisType>(
            getElementTypeOrSelf(value.getType())))
      return type.getQuantizedDimension();
  return std::nullopt;
}

LogicalResult BlockRebatcher::visitSameShape(Operation *op) {
  if (!isTracked(op->getOperand(0)))
    return refuse(op, "mixes the batch with parameters");
  BatchDim place = dims.lookup(op->getOperand(0));
  if (getParameterAxis(op) == place.dim)
    return refuse(op, "has parameters along the batch");
  track(op->getResult(0), place);
  return success();
}
