// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the batch size of a function: a forward walk that follows the batch
// dimension and sets types again.

#include "pdq/IR/Rebatch.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/IR/PDQ.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Where a value carries the batch: dimension `dim` has `factor` times its
/// size. `outer` of the factor stands in front of the batch, as where tokens
/// and batch merge: [tokens, batch] -> [tokens * batch].
struct BatchDim {
  int64_t dim;
  int64_t factor;
  int64_t outer = 1;
};

/// Rebatches one block.
class BlockRebatcher {
public:
  BlockRebatcher(Block &block, int64_t batch) : block(block), batch(batch) {}

  /// Tracks an argument whose dimension 0 carries the batch.
  void addArgument(BlockArgument argument, int64_t factor);
  LogicalResult run();
  /// The factor of the batch in dimension 0 of a result; 0 where it has none.
  FailureOr<int64_t> getLeadingFactor(Value value);

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitStructured(linalg::LinalgOp op);
  LogicalResult visitExpand(tensor::ExpandShapeOp op);
  LogicalResult visitCollapse(tensor::CollapseShapeOp op);
  LogicalResult visitExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult visitInsertSlice(tensor::InsertSliceOp op);
  LogicalResult visitPad(tensor::PadOp op);
  LogicalResult visitConcat(tensor::ConcatOp op);
  LogicalResult visitCast(tensor::CastOp op);
  LogicalResult visitDim(tensor::DimOp op);
  LogicalResult visitRegion(RegionOp op);
  LogicalResult visitSameShape(Operation *op);

  /// Makes an equal value whose dimension carries the batch, where `value` was
  /// made without looking at data.
  FailureOr<Value> rebuild(Value value, BatchDim place, OpBuilder &builder);
  FailureOr<Value> rebuildCollapse(tensor::CollapseShapeOp op, BatchDim place,
                                   OpBuilder &builder);
  FailureOr<Value> rebuildExpand(tensor::ExpandShapeOp op, BatchDim place,
                                 OpBuilder &builder);
  LogicalResult adaptOperand(OpOperand &operand, BatchDim place);

  RankedTensorType getType(RankedTensorType type, BatchDim place) const;
  OpFoldResult getSize(OpBuilder &builder, Location loc, int64_t factor);
  bool isTracked(Value value) const { return dims.contains(value); }
  void track(Value value, BatchDim place) {
    value.setType(getType(cast<RankedTensorType>(value.getType()), place));
    dims.insert({value, place});
  }

  Block &block;
  int64_t batch;
  /// The size that dimension 0 of the data had.
  int64_t oldBatch = ShapedType::kDynamic;
  BlockArgument source;
  DenseMap<Value, BatchDim> dims;
};
} // namespace

void BlockRebatcher::addArgument(BlockArgument argument, int64_t factor) {
  int64_t size = cast<RankedTensorType>(argument.getType()).getDimSize(0);
  if (!source) {
    source = argument;
    oldBatch = ShapedType::isDynamic(size) ? size : size / factor;
  }
  track(argument, {0, factor});
}

RankedTensorType BlockRebatcher::getType(RankedTensorType type,
                                         BatchDim place) const {
  SmallVector<int64_t> shape(type.getShape());
  shape[place.dim] =
      ShapedType::isDynamic(batch) ? batch : batch * place.factor;
  return type.clone(shape);
}

/// Size of a dimension with `factor` times the batch.
OpFoldResult BlockRebatcher::getSize(OpBuilder &builder, Location loc,
                                     int64_t factor) {
  if (!ShapedType::isDynamic(batch))
    return builder.getIndexAttr(batch * factor);
  int64_t unit = dims.lookup(source).factor;
  Value size = tensor::DimOp::create(builder, loc, source, 0);
  AffineExpr expr = builder.getAffineDimExpr(0);
  return affine::makeComposedFoldedAffineApply(
      builder, loc, expr.floorDiv(unit) * factor, {size});
}

//===----------------------------------------------------------------------===//
// Values made without data
//===----------------------------------------------------------------------===//

/// An expansion of a rebuilt source: the batch must be the slowest dimension of
/// its group, up to dimensions of size 1.
FailureOr<Value> BlockRebatcher::rebuildExpand(tensor::ExpandShapeOp op,
                                               BatchDim place,
                                               OpBuilder &builder) {
  RankedTensorType wanted = getType(op.getResultType(), place);
  BatchDim source{0, place.factor};
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!llvm::is_contained(group, place.dim))
      continue;
    source.dim = dim;
    for (int64_t member : group) {
      int64_t size = op.getResultType().getDimSize(member);
      if (member < place.dim && size != 1)
        return op.emitOpError("splits the batch in a way that cannot be "
                              "followed");
      if (member > place.dim)
        source.factor *= size;
    }
  }
  FailureOr<Value> newSource = rebuild(op.getSrc(), source, builder);
  if (failed(newSource))
    return failure();
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(op.getContext(), wanted.getShape());
  sizes[place.dim] = getSize(builder, op.getLoc(), place.factor);
  return tensor::ExpandShapeOp::create(builder, op.getLoc(), wanted, *newSource,
                                       op.getReassociationIndices(), sizes)
      .getResult();
}

/// A collapse of a rebuilt source: the slowest dimension of the group takes the
/// batch.
FailureOr<Value> BlockRebatcher::rebuildCollapse(tensor::CollapseShapeOp op,
                                                 BatchDim place,
                                                 OpBuilder &builder) {
  BatchDim source{0, place.factor};
  ReassociationIndices group = op.getReassociationIndices()[place.dim];
  int64_t rest = 1;
  source.dim = group.front();
  for (int64_t member : ArrayRef(group).drop_front())
    rest *= op.getSrcType().getDimSize(member);
  if (rest <= 0 || place.factor % rest != 0)
    return op.emitOpError("merges the batch in a way that cannot be followed");
  source.factor /= rest;
  FailureOr<Value> newSource = rebuild(op.getSrc(), source, builder);
  if (failed(newSource))
    return failure();
  return tensor::CollapseShapeOp::create(
             builder, op.getLoc(), getType(op.getResultType(), place),
             *newSource, op.getReassociationIndices())
      .getResult();
}

FailureOr<Value> BlockRebatcher::rebuild(Value value, BatchDim place,
                                         OpBuilder &builder) {
  Operation *op = value.getDefiningOp();
  auto type = cast<RankedTensorType>(value.getType());
  RankedTensorType wanted = getType(type, place);
  if (isa_and_nonnull<tensor::EmptyOp>(op)) {
    SmallVector<OpFoldResult> sizes =
        getAsIndexOpFoldResult(builder.getContext(), type.getShape());
    sizes[place.dim] = getSize(builder, op->getLoc(), place.factor);
    return tensor::EmptyOp::create(builder, op->getLoc(), sizes,
                                   type.getElementType())
        .getResult();
  }
  if (auto constant = dyn_cast_or_null<arith::ConstantOp>(op)) {
    auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
    if (splat && wanted.hasStaticShape())
      return arith::ConstantOp::create(builder, op->getLoc(),
                                       splat.resizeSplat(wanted))
          .getResult();
  }
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return rebuildExpand(expand, place, builder);
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op))
    return rebuildCollapse(collapse, place, builder);
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (structured && structured->getNumResults() == 1) {
    OpOperand *init = structured.getDpsInitOperand(0);
    AffineExpr loop =
        structured.getMatchingIndexingMap(init).getResult(place.dim);
    bool readsBatch =
        llvm::any_of(structured.getDpsInputOperands(), [&](OpOperand *operand) {
          return llvm::is_contained(
              structured.getMatchingIndexingMap(operand).getResults(), loop);
        });
    if (!readsBatch) {
      FailureOr<Value> newInit = rebuild(init->get(), place, builder);
      if (failed(newInit))
        return failure();
      Operation *clone = builder.clone(*op);
      clone->setOperand(init->getOperandNumber(), *newInit);
      clone->getResult(0).setType(newInit->getType());
      return clone->getResult(0);
    }
  }
  InFlightDiagnostic diag =
      emitError(value.getLoc())
      << "value of type " << type
      << " has the batch size in its shape but does not come from data";
  return failure();
}

LogicalResult BlockRebatcher::adaptOperand(OpOperand &operand, BatchDim place) {
  if (isTracked(operand.get()))
    return success();
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!type || type == getType(type, place))
    return success();
  OpBuilder builder(operand.getOwner());
  FailureOr<Value> value = rebuild(operand.get(), place, builder);
  if (failed(value))
    return failure();
  operand.set(*value);
  dims.insert({*value, place});
  return success();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

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

FailureOr<int64_t> BlockRebatcher::getLeadingFactor(Value value) {
  auto tracked = dims.find(value);
  if (tracked == dims.end())
    return 0;
  BatchDim place = tracked->second;
  if (place.dim == 0 && place.outer == 1)
    return place.factor;
  emitError(value.getLoc())
      << "batch must be dimension 0 at the border of a "
         "region, it is "
      << (place.outer == 1 ? "" : "merged into ") << "dimension " << place.dim;
  return failure();
}

LogicalResult BlockRebatcher::visitRegion(RegionOp op) {
  for (Region *body : {&op.getFloatBody(), &op.getQuantizedBody()}) {
    BlockRebatcher inner(body->front(), batch);
    for (auto [input, argument] :
         llvm::zip_equal(op.getInputs(), body->getArguments())) {
      FailureOr<int64_t> factor = getLeadingFactor(input);
      if (failed(factor))
        return failure();
      if (*factor)
        inner.addArgument(argument, *factor);
    }
    if (failed(inner.run()))
      return failure();
    for (auto [yielded, result] : llvm::zip_equal(
             body->front().getTerminator()->getOperands(), op.getResults())) {
      FailureOr<int64_t> factor = inner.getLeadingFactor(yielded);
      if (failed(factor))
        return failure();
      result.setType(yielded.getType());
      if (*factor)
        dims.insert({result, {0, *factor}});
    }
  }
  return success();
}

LogicalResult BlockRebatcher::visitSameShape(Operation *op) {
  if (!isTracked(op->getOperand(0)))
    return op->emitOpError("mixes the batch with parameters");
  track(op->getResult(0), dims.lookup(op->getOperand(0)));
  return success();
}

LogicalResult BlockRebatcher::visit(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp typed) { return visitStructured(typed); })
      .Case([&](tensor::ExpandShapeOp typed) { return visitExpand(typed); })
      .Case([&](tensor::CollapseShapeOp typed) { return visitCollapse(typed); })
      .Case([&](tensor::ExtractSliceOp typed) {
        return visitExtractSlice(typed);
      })
      .Case(
          [&](tensor::InsertSliceOp typed) { return visitInsertSlice(typed); })
      .Case([&](tensor::PadOp typed) { return visitPad(typed); })
      .Case([&](tensor::ConcatOp typed) { return visitConcat(typed); })
      .Case([&](tensor::CastOp typed) { return visitCast(typed); })
      .Case([&](tensor::DimOp typed) { return visitDim(typed); })
      .Case([&](RegionOp typed) { return visitRegion(typed); })
      .Case<FakeQuantOp, BatchNormOp>(
          [&](auto typed) { return visitSameShape(typed); })
      .Default([](Operation *unknown) {
        return unknown->emitOpError(
            "on the data path cannot be given another batch size");
      });
}

LogicalResult BlockRebatcher::run() {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    bool onDataPath =
        llvm::any_of(op.getOperands(), [&](Value v) { return isTracked(v); });
    if (onDataPath && failed(visit(&op)))
      return failure();
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
  return success();
}

LogicalResult mlir::pdq::rebatch(func::FuncOp function, int64_t batch,
                                 ArrayRef<unsigned> dataArguments) {
  Block &block = function.getBody().front();
  BlockRebatcher rebatcher(block, batch);
  for (unsigned index : dataArguments)
    rebatcher.addArgument(block.getArgument(index), 1);
  if (failed(rebatcher.run()))
    return failure();
  function.setType(FunctionType::get(function.getContext(),
                                     block.getArgumentTypes(),
                                     block.getTerminator()->getOperandTypes()));
  return success();
}
