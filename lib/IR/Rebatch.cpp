// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the batch size of a function: a forward walk that follows the batch
// dimension and sets types again.

#include "pdq/IR/Rebatch.h"
#include "BlockRebatcher.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

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
