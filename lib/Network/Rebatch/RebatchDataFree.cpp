// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on values that were made without data: each of them is the same
// for all samples where its operands are, down to constants that repeat one
// row. The first state of a recurrent layer goes through a whole step so.

#include "BlockRebatcher.h"

using namespace mlir;
using namespace mlir::pdq;

/// The result of `map` that is `loop`; nothing where none is, two are, or one
/// computes with it.
static std::optional<int64_t> findResult(AffineMap map, unsigned loop) {
  std::optional<int64_t> found;
  AffineExpr expr = getAffineDimExpr(loop, map.getContext());
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    if (!result.isFunctionOfDim(loop))
      continue;
    if (result != expr || found)
      return std::nullopt;
    found = position;
  }
  return found;
}

static bool countsLoop(linalg::LinalgOp op, unsigned loop) {
  return op
      ->walk([&](linalg::IndexOp counter) {
        return counter.getDim() == loop ? WalkResult::interrupt()
                                        : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A structured operation whose operands are the same all along the batch.
FailureOr<Value> BlockRebatcher::rebuildStructured(linalg::LinalgOp op,
                                                   BatchDim place,
                                                   OpBuilder &builder) {
  OpOperand *init = op.getDpsInitOperand(0);
  auto expr = dyn_cast<AffineDimExpr>(
      op.getMatchingIndexingMap(init).getResult(place.dim));
  bool isUnit =
      cast<RankedTensorType>(init->get().getType()).getDimSize(place.dim) == 1;
  if (!expr || op.getIteratorTypesArray()[expr.getPosition()] !=
                   utils::IteratorType::parallel)
    return failure();
  unsigned loop = expr.getPosition();
  if (countsLoop(op, loop))
    return failure();
  SmallVector<Value> operands(op->getOperands());
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!map.isFunctionOfDim(loop))
      continue;
    std::optional<int64_t> dim = findResult(map, loop);
    // What was computed for one sample is repeated behind the operation.
    if (!dim || (isUnit && &operand != init))
      return failure();
    BatchDim source = place;
    source.dim = *dim;
    FailureOr<Value> value = rebuild(operand.get(), source, builder);
    if (failed(value))
      return failure();
    operands[operand.getOperandNumber()] = *value;
  }
  Operation *clone = builder.clone(*op);
  clone->setOperands(operands);
  clone->getResult(0).setType(operands[init->getOperandNumber()].getType());
  return clone->getResult(0);
}

/// Whether a slice, of a tensor that has `size` elements along `dim`, takes all
/// of them.
static bool isWhole(OffsetSizeAndStrideOpInterface op, int64_t dim,
                    int64_t size) {
  return !ShapedType::isDynamic(size) &&
         isZeroInteger(op.getMixedOffsets()[dim]) &&
         isOneInteger(op.getMixedStrides()[dim]) &&
         getConstantIntValue(op.getMixedSizes()[dim]) == size;
}

FailureOr<Value> BlockRebatcher::rebuildExtractSlice(tensor::ExtractSliceOp op,
                                                     BatchDim place,
                                                     OpBuilder &builder) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  BatchDim source = place;
  for (int64_t dim = 0; dim <= source.dim; ++dim)
    source.dim += dropped.test(dim);
  if (!isWhole(op, source.dim, op.getSourceType().getDimSize(source.dim)))
    return refuse(op, "takes a part of the batch");
  FailureOr<Value> value = rebuild(op.getSource(), source, builder);
  if (failed(value))
    return failure();
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  sizes[source.dim] = getSize(builder, op.getLoc(), place.factor);
  return tensor::ExtractSliceOp::create(
             builder, op.getLoc(), getType(op.getType(), place), *value,
             op.getMixedOffsets(), sizes, op.getMixedStrides())
      .getResult();
}

FailureOr<Value> BlockRebatcher::rebuildInsertSlice(tensor::InsertSliceOp op,
                                                    BatchDim place,
                                                    OpBuilder &builder) {
  if (op.getSourceType().getRank() != op.getDestType().getRank() ||
      !isWhole(op, place.dim, op.getDestType().getDimSize(place.dim)))
    return refuse(op, "inserts into a part of the batch");
  FailureOr<Value> value = rebuild(op.getSource(), place, builder);
  FailureOr<Value> target = rebuild(op.getDest(), place, builder);
  if (failed(value) || failed(target))
    return failure();
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  return tensor::InsertSliceOp::create(builder, op.getLoc(), *value, *target,
                                       op.getMixedOffsets(), sizes,
                                       op.getMixedStrides())
      .getResult();
}

FailureOr<Value> BlockRebatcher::rebuildPad(tensor::PadOp op, BatchDim place,
                                            OpBuilder &builder) {
  if (!op.getConstantPaddingValue() ||
      !isZeroInteger(op.getMixedLowPad()[place.dim]) ||
      !isZeroInteger(op.getMixedHighPad()[place.dim]))
    return refuse(op, "pads the batch or with a computed value");
  FailureOr<Value> value = rebuild(op.getSource(), place, builder);
  if (failed(value))
    return failure();
  auto clone = cast<tensor::PadOp>(builder.clone(*op));
  clone.getSourceMutable().assign(*value);
  clone.getResult().setType(getType(op.getResultType(), place));
  return clone.getResult();
}

FailureOr<Value> BlockRebatcher::rebuildConcat(tensor::ConcatOp op,
                                               BatchDim place,
                                               OpBuilder &builder) {
  if (static_cast<int64_t>(op.getDim()) == place.dim)
    return refuse(op, "concatenates along the batch");
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    FailureOr<Value> value = rebuild(input, place, builder);
    if (failed(value))
      return failure();
    inputs.push_back(*value);
  }
  return tensor::ConcatOp::create(builder, op.getLoc(),
                                  getType(op.getResultType(), place),
                                  op.getDim(), inputs)
      .getResult();
}

/// The same of an operation of any kind.
FailureOr<Value> BlockRebatcher::rebuildOperation(Operation *op, BatchDim place,
                                                  OpBuilder &builder) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return rebuildExpand(expand, place, builder);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return rebuildCollapse(collapse, place, builder);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return rebuildExtractSlice(slice, place, builder);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return rebuildInsertSlice(insert, place, builder);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return rebuildPad(pad, place, builder);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return rebuildConcat(concat, place, builder);
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (structured && structured->getNumResults() == 1)
    return rebuildStructured(structured, place, builder);
  return failure();
}
