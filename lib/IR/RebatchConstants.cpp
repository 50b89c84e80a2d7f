// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that have the batch in their shape but were made without data: they
// are made again with another size.

#include "BlockRebatcher.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::pdq;

AffineMap BlockRebatcher::readFirst(AffineMap map, int64_t dim) {
  SmallVector<AffineExpr> results(map.getResults());
  results[dim] = getAffineConstantExpr(0, map.getContext());
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

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

/// A copy of a value for every sample, where the batch was 1.
Value BlockRebatcher::repeat(Value value, BatchDim place, OpBuilder &builder) {
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  sizes[place.dim] = getSize(builder, loc, place.factor);
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  maps[0] = readFirst(maps[0], place.dim);
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), value, empty, maps, loops,
             [](OpBuilder &b, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(b, loc, arguments[0]);
             })
      .getResult(0);
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
  auto cast = dyn_cast_or_null<tensor::CastOp>(op);
  if (cast && cast.getSource().getType() == wanted)
    return cast.getSource();
  bool isUnit = type.getDimSize(place.dim) == 1;
  if (isUnit &&
      isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return repeat(value, place, builder);
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
  if (isUnit)
    return repeat(value, place, builder);
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
