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

std::optional<std::pair<unsigned, BatchDim>>
BlockRebatcher::splitPlace(ArrayRef<int64_t> sizes, BatchDim place) {
  std::optional<std::pair<unsigned, BatchDim>> found;
  int64_t outer = place.outer, inner = place.factor / place.outer;
  for (auto [position, size] : llvm::enumerate(sizes)) {
    int64_t rest = 1;
    for (int64_t faster : sizes.drop_front(position + 1))
      rest *= faster;
    if (rest > 0 && inner % rest == 0 && (!found || outer == 1)) {
      found = {static_cast<unsigned>(position),
               BatchDim{0, outer * (inner / rest), outer}};
      if (outer == 1)
        break;
    }
    if (size <= 0 || outer % size != 0)
      break;
    outer /= size;
  }
  return found;
}

/// An expansion of a rebuilt source: what stands in front of the batch in its
/// group does so in the source, too.
FailureOr<Value> BlockRebatcher::rebuildExpand(tensor::ExpandShapeOp op,
                                               BatchDim place,
                                               OpBuilder &builder) {
  RankedTensorType wanted = getType(op.getResultType(), place);
  BatchDim source{0, place.factor, place.outer};
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!llvm::is_contained(group, place.dim))
      continue;
    source.dim = dim;
    for (int64_t member : group) {
      int64_t size = op.getResultType().getDimSize(member);
      if (member != place.dim)
        source.factor *= size;
      if (member < place.dim)
        source.outer *= size;
    }
  }
  if (source.factor <= 0)
    return refuse(op, "splits the batch in a way that cannot be followed");
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

/// A collapse of a rebuilt source: one dimension of the group takes the batch.
FailureOr<Value> BlockRebatcher::rebuildCollapse(tensor::CollapseShapeOp op,
                                                 BatchDim place,
                                                 OpBuilder &builder) {
  ReassociationIndices group = op.getReassociationIndices()[place.dim];
  SmallVector<int64_t> sizes;
  for (int64_t member : group)
    sizes.push_back(op.getSrcType().getDimSize(member));
  auto split = splitPlace(sizes, place);
  if (!split)
    return refuse(op, "merges the batch in a way that cannot be followed");
  BatchDim source = split->second;
  source.dim = group[split->first];
  FailureOr<Value> newSource = rebuild(op.getSrc(), source, builder);
  if (failed(newSource))
    return failure();
  return tensor::CollapseShapeOp::create(
             builder, op.getLoc(), getType(op.getResultType(), place),
             *newSource, op.getReassociationIndices())
      .getResult();
}

/// A constant that holds the same for every sample, as a folder makes of one
/// that was repeated.
FailureOr<Value> BlockRebatcher::rebuildConstant(arith::ConstantOp op,
                                                 BatchDim place,
                                                 OpBuilder &builder) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || ShapedType::isDynamic(oldBatch) || elements.isSplat() ||
      !elements.getElementType().isIntOrFloat() ||
      elements.getElementType().getIntOrFloatBitWidth() % 8 != 0)
    return failure();
  auto type = cast<RankedTensorType>(elements.getType());
  if (type.getDimSize(place.dim) != oldBatch * place.factor)
    return failure();
  // [before, batch, one sample's elements in a row]
  int64_t before =
      ShapedType::getNumElements(type.getShape().take_front(place.dim)) *
      place.outer;
  ArrayRef<char> old = elements.getRawData();
  size_t bytes = old.size() / (before * oldBatch);
  auto getRow = [&](int64_t number) {
    return old.slice(number * bytes, bytes);
  };
  for (int64_t i = 0, e = before * oldBatch; i < e; ++i)
    if (getRow(i) != getRow(i / oldBatch * oldBatch))
      return failure();
  // A dynamic batch reads the one row that there is.
  bool isDynamic = ShapedType::isDynamic(batch);
  if (isDynamic && place.factor != 1)
    return failure();
  SmallVector<char> data;
  for (int64_t i = 0; i < before; ++i)
    for (int64_t sample = 0; sample < (isDynamic ? 1 : batch); ++sample)
      llvm::append_range(data, getRow(i * oldBatch));
  SmallVector<int64_t> shape(type.getShape());
  shape[place.dim] = isDynamic ? 1 : batch * place.factor;
  Value value = arith::ConstantOp::create(
      builder, op.getLoc(),
      DenseElementsAttr::getFromRawBuffer(type.clone(shape), data));
  return isDynamic ? repeat(value, place, builder) : value;
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
    if (oldBatch != 1)
      if (auto rebuilt = rebuildConstant(constant, place, builder);
          succeeded(rebuilt))
        return rebuilt;
  }
  auto cast = dyn_cast_or_null<tensor::CastOp>(op);
  if (cast && cast.getSource().getType() == wanted)
    return cast.getSource();
  bool isUnit = type.getDimSize(place.dim) == 1;
  if (op && !(isUnit && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                            tensor::ExtractSliceOp, tensor::InsertSliceOp,
                            tensor::PadOp, tensor::ConcatOp>(op))) {
    FailureOr<Value> rebuilt = rebuildOperation(op, place, builder);
    if (succeeded(rebuilt))
      return rebuilt;
  }
  if (isUnit)
    return repeat(value, place, builder);
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return refuse(value.getLoc(), "value of type " + text +
                                    " has the batch size in its shape but "
                                    "does not come from data");
}

LogicalResult BlockRebatcher::adaptOperand(OpOperand &operand, BatchDim place) {
  if (isTracked(operand.get())) {
    if (dims.lookup(operand.get()) == place)
      return success();
    return refuse(operand.getOwner(),
                  "has operands with the batch in different places");
  }
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!type || type == getType(type, place))
    return success();
  int64_t size = type.getDimSize(place.dim);
  if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(oldBatch) &&
      size != oldBatch * place.factor)
    return refuse(operand.getOwner(),
                  "uses a part of the batch in a way that cannot be followed");
  OpBuilder builder(operand.getOwner());
  FailureOr<Value> value = rebuild(operand.get(), place, builder);
  if (failed(value))
    return failure();
  operand.set(*value);
  dims.insert({*value, place});
  return success();
}
