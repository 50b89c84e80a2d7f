// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the batch goes through each kind of operation.

#include "BlockRebatcher.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::pdq;

/// Lets all samples read what one sample read, where the batch was 1.
bool BlockRebatcher::shareOperand(OpOperand &operand, BatchDim place) {
  auto op = dyn_cast<linalg::GenericOp>(operand.getOwner());
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!op || op.isDpsInit(&operand) || isTracked(operand.get()) || !type ||
      type.getDimSize(place.dim) != 1 || type == getType(type, place))
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap &map = maps[operand.getOperandNumber()];
  map = readFirst(map, place.dim);
  op.setIndexingMapsAttr(Builder(op.getContext()).getAffineMapArrayAttr(maps));
  return true;
}

LogicalResult BlockRebatcher::visitStructured(linalg::LinalgOp op) {
  std::optional<std::pair<AffineExpr, BatchDim>> loop;
  for (OpOperand &operand : op->getOpOperands()) {
    auto tracked = dims.find(operand.get());
    if (tracked == dims.end() || op.isDpsInit(&operand))
      continue;
    AffineExpr expr =
        op.getMatchingIndexingMap(&operand).getResult(tracked->second.dim);
    BatchDim place = tracked->second;
    if (!isa<AffineDimExpr>(expr) || (loop && loop->first != expr) ||
        (loop && loop->second.factor != place.factor) ||
        (loop && loop->second.outer != place.outer))
      return op.emitOpError("uses the batch in a way that cannot be followed");
    loop = {expr, place};
  }
  if (!loop)
    return success();
  for (OpOperand &operand : op->getOpOperands()) {
    auto results = op.getMatchingIndexingMap(&operand).getResults();
    auto *found = llvm::find(results, loop->first);
    if (found == results.end())
      continue;
    BatchDim place = loop->second;
    place.dim = found - results.begin();
    if (shareOperand(operand, place))
      continue;
    if (failed(adaptOperand(operand, place)))
      return failure();
    if (op.isDpsInit(&operand))
      track(op.getTiedOpResult(&operand), place);
  }
  return success();
}

LogicalResult BlockRebatcher::visitExpand(tensor::ExpandShapeOp op) {
  BatchDim place = dims.lookup(op.getSrc());
  ReassociationIndices group = op.getReassociationIndices()[place.dim];
  auto type = cast<RankedTensorType>(op.getType());
  // The batch goes to the slowest dimension that it can fill; what stands in
  // front of that is a part of what stands in front of the batch.
  std::optional<BatchDim> found;
  int64_t outer = place.outer, inner = place.factor / place.outer;
  for (auto [position, dim] : llvm::enumerate(group)) {
    int64_t rest = 1;
    for (int64_t faster : ArrayRef(group).drop_front(position + 1))
      rest *= type.getDimSize(faster);
    if (rest > 0 && inner % rest == 0) {
      found = {dim, outer * (inner / rest), outer};
      break;
    }
    int64_t size = type.getDimSize(dim);
    if (size <= 0 || outer % size != 0)
      break;
    outer /= size;
  }
  if (!found)
    return op.emitOpError("splits the batch in a way that cannot be followed");
  BatchDim result = *found;
  OpBuilder builder(op);
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(op.getContext(), type.getShape());
  sizes[result.dim] = getSize(builder, op.getLoc(), result.factor);
  auto expanded = tensor::ExpandShapeOp::create(
      builder, op.getLoc(), getType(type, result), op.getSrc(),
      op.getReassociationIndices(), sizes);
  op.replaceAllUsesWith(expanded.getResult());
  op.erase();
  dims.insert({expanded.getResult(), result});
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
      if (ShapedType::isDynamic(size))
        return op.emitOpError(
            "merges the batch in a way that cannot be followed");
      result.factor *= size;
      if (member < place.dim)
        result.outer *= size;
    }
    track(op.getResult(), result);
    return success();
  }
  return op.emitOpError("loses the batch");
}

LogicalResult BlockRebatcher::visitExtractSlice(tensor::ExtractSliceOp op) {
  BatchDim place = dims.lookup(op.getSource());
  if (op.getDroppedDims().any() ||
      op.getSourceType().getRank() != op.getType().getRank())
    return op.emitOpError("drops dimensions next to the batch");
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  std::optional<int64_t> size = getConstantIntValue(sizes[place.dim]);
  bool whole = isZeroInteger(op.getMixedOffsets()[place.dim]) &&
               isOneInteger(op.getMixedStrides()[place.dim]) &&
               (!size || ShapedType::isDynamic(oldBatch) ||
                *size == oldBatch * place.factor);
  if (!whole)
    return op.emitOpError("takes a part of the batch");
  OpBuilder builder(op);
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  auto slice = tensor::ExtractSliceOp::create(
      builder, op.getLoc(), op.getSource(), op.getMixedOffsets(), sizes,
      op.getMixedStrides());
  op.replaceAllUsesWith(slice.getResult());
  op.erase();
  dims.insert({slice.getResult(), place});
  return success();
}

LogicalResult BlockRebatcher::visitInsertSlice(tensor::InsertSliceOp op) {
  BatchDim place = isTracked(op.getSource()) ? dims.lookup(op.getSource())
                                             : dims.lookup(op.getDest());
  if (op.getSourceType().getRank() != op.getDestType().getRank() ||
      !isZeroInteger(op.getMixedOffsets()[place.dim]))
    return op.emitOpError("inserts into a part of the batch");
  if (failed(adaptOperand(op.getSourceMutable(), place)) ||
      failed(adaptOperand(op.getDestMutable(), place)))
    return failure();
  OpBuilder builder(op);
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  auto insert = tensor::InsertSliceOp::create(
      builder, op.getLoc(), op.getSource(), op.getDest(), op.getMixedOffsets(),
      sizes, op.getMixedStrides());
  op.replaceAllUsesWith(insert.getResult());
  op.erase();
  dims.insert({insert.getResult(), place});
  return success();
}

LogicalResult BlockRebatcher::visitPad(tensor::PadOp op) {
  BatchDim place = dims.lookup(op.getSource());
  if (!isZeroInteger(op.getMixedLowPad()[place.dim]) ||
      !isZeroInteger(op.getMixedHighPad()[place.dim]))
    return op.emitOpError("pads the batch");
  track(op.getResult(), place);
  return success();
}

LogicalResult BlockRebatcher::visitConcat(tensor::ConcatOp op) {
  std::optional<BatchDim> place;
  for (Value input : op.getInputs())
    if (isTracked(input))
      place = dims.lookup(input);
  if (static_cast<int64_t>(op.getDim()) == place->dim)
    return op.emitOpError("concatenates along the batch");
  for (OpOperand &operand : op->getOpOperands())
    if (failed(adaptOperand(operand, *place)))
      return failure();
  track(op.getResult(), *place);
  return success();
}

LogicalResult BlockRebatcher::visitCast(tensor::CastOp op) {
  // What a cast says of other sizes is kept only where it adds something.
  BatchDim place = dims.lookup(op.getSource());
  auto source = cast<RankedTensorType>(op.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!result)
    return op.emitOpError("forgets the shape of data");
  if (source.hasStaticShape() || source == getType(result, place)) {
    op.replaceAllUsesWith(op.getSource());
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

LogicalResult BlockRebatcher::visitSameShape(Operation *op) {
  if (!isTracked(op->getOperand(0)))
    return op->emitOpError("mixes the batch with parameters");
  track(op->getResult(0), dims.lookup(op->getOperand(0)));
  return success();
}
