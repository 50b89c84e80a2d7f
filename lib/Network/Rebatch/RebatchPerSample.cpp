// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What was exported for one sample and mixes the batch with other dimensions is
// applied to each sample: the batch stands in front of the value's own
// dimensions, and the operation gets one more, parallel, dimension. No sample
// can meet another one.

#include "BlockRebatcher.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// The batch in front
//===----------------------------------------------------------------------===//

/// The type of a value that belongs to one sample, for all of them.
RankedTensorType BlockRebatcher::getLeadingType(Type type) const {
  auto single = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape = {batch};
  llvm::append_range(shape, single.getShape());
  return RankedTensorType::get(shape, single.getElementType());
}

/// `value` [..., outer * batch * inner, ...] as [batch, ..., outer * inner,
/// ...].
Value BlockRebatcher::buildLeading(OpBuilder &builder, Value value) {
  BatchDim place = dims.lookup(value);
  if (place.isAdded)
    return value;
  if (Value known = leading.lookup(value))
    return known;
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rank = type.getRank();
  // [..., outer, batch, inner, ...]; where the batch comes first anyway outer
  // and inner need not be told apart.
  bool isFirst = place.dim == 0 && place.outer == 1;
  SmallVector<int64_t> shape, order;
  SmallVector<ReassociationIndices> split, joined = {{0}};
  int64_t position = isFirst ? 0 : place.dim + 1;
  for (int64_t dim = 0; dim < rank; ++dim) {
    ReassociationIndices members, later;
    auto add = [&](int64_t size) {
      members.push_back(shape.size());
      if (static_cast<int64_t>(shape.size()) != position)
        later.push_back(shape.size() + (members.back() < position));
      shape.push_back(size);
    };
    if (dim != place.dim) {
      add(type.getDimSize(dim));
    } else {
      if (!isFirst)
        add(place.outer);
      add(batch);
      add(place.factor / place.outer);
    }
    split.push_back(members);
    joined.push_back(later);
  }
  Value result = tensor::ExpandShapeOp::create(builder, loc, type.clone(shape),
                                               value, split);
  if (!isFirst) {
    order.push_back(position);
    for (int64_t dim = 0; dim <= rank + 1; ++dim)
      if (dim != position)
        order.push_back(dim);
    SmallVector<int64_t> moved;
    for (int64_t dim : order)
      moved.push_back(shape[dim]);
    Value empty =
        tensor::EmptyOp::create(builder, loc, moved, type.getElementType());
    result = linalg::TransposeOp::create(builder, loc, result, empty, order)
                 ->getResult(0);
    result = tensor::CollapseShapeOp::create(builder, loc, result, joined);
  }
  return leading[value] = result;
}

/// The same of a value that all samples share, as an initial value: it is
/// repeated, unless the payload does not read it.
Value BlockRebatcher::buildLeadingInit(OpBuilder &builder, Value value,
                                       bool isRead) {
  if (isTracked(value))
    return buildLeading(builder, value);
  Location loc = value.getLoc();
  RankedTensorType type = getLeadingType(value.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  if (!isRead || value.getDefiningOp<tensor::EmptyOp>())
    return empty;
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return linalg::FillOp::create(builder, loc, fill.getInputs(), empty)
        .getResult(0);
  return linalg::BroadcastOp::create(builder, loc, value, empty,
                                     ArrayRef<int64_t>{0})
      ->getResult(0);
}

/// The results of `op` from those with the batch in front, which joins their
/// own first dimension; a scalar of each sample keeps it.
void BlockRebatcher::replaceByLeading(Operation *op, ValueRange values) {
  OpBuilder builder(op);
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values)) {
    auto type = cast<RankedTensorType>(result.getType());
    BatchDim place{0, 1, 1, /*isAdded=*/type.getRank() == 0};
    Value joined = value;
    if (type.getRank() > 0) {
      place.factor = type.getDimSize(0);
      SmallVector<ReassociationIndices> groups = {{0, 1}};
      for (int64_t dim = 1; dim < type.getRank(); ++dim)
        groups.push_back({dim + 1});
      joined =
          tensor::CollapseShapeOp::create(builder, op->getLoc(), value, groups);
      leading[joined] = value;
    }
    joined.getDefiningOp()->setDiscardableAttrs(
        op->getDiscardableAttrDictionary());
    result.replaceAllUsesWith(joined);
    dims.erase(result);
    dims[joined] = place;
  }
  op->erase();
}

LogicalResult BlockRebatcher::visitPerSample(Operation *op) {
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape() || tensor.getNumElements() == 0)
      return refuse(op, "gives no tensor of static shape");
  }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp typed) { return applyStructured(typed); })
      .Case([&](tensor::ExpandShapeOp typed) { return applyExpand(typed); })
      .Case([&](tensor::CollapseShapeOp typed) { return applyCollapse(typed); })
      .Case([&](tensor::ExtractSliceOp typed) {
        return applyExtractSlice(typed);
      })
      .Case(
          [&](tensor::InsertSliceOp typed) { return applyInsertSlice(typed); })
      .Case([&](tensor::PadOp typed) { return applyPad(typed); })
      .Case([&](tensor::ConcatOp typed) { return applyConcat(typed); })
      .Default([&](Operation *unknown) {
        return refuse(unknown,
                      "on the data path cannot be given another batch size");
      });
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

/// The payload of an operation with one more loop in front: counters move, and
/// what it reads has the batch in front.
static void shiftCounters(linalg::GenericOp op) {
  op->walk(
      [](linalg::IndexOp counter) { counter.setDim(counter.getDim() + 1); });
}

LogicalResult BlockRebatcher::applyStructured(linalg::LinalgOp op) {
  if (failed(checkCaptured(op)))
    return failure();
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  IRRewriter rewriter(op);
  if (!generic) {
    DictionaryAttr attributes = op->getDiscardableAttrDictionary();
    FailureOr<linalg::GenericOp> made = linalg::generalizeNamedOp(rewriter, op);
    if (failed(made))
      return refuse(op, "combines the samples of the batch");
    generic = *made;
    generic->setDiscardableAttrs(attributes);
  }
  rewriter.setInsertionPoint(generic);
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  AffineExpr sample = rewriter.getAffineDimExpr(0);
  for (OpOperand &operand : generic->getOpOperands()) {
    AffineMap map = generic.getMatchingIndexingMap(&operand).shiftDims(1);
    bool isInit = generic.isDpsInit(&operand);
    Value value = operand.get();
    if (isInit)
      inits.push_back(buildLeadingInit(
          rewriter, value, generic.payloadUsesValueFromOperand(&operand)));
    else
      inputs.push_back(isTracked(value) ? buildLeading(rewriter, value)
                                        : value);
    maps.push_back(isInit || isTracked(value) ? map.insertResult(sample, 0)
                                              : map);
  }
  SmallVector<utils::IteratorType> loops = {utils::IteratorType::parallel};
  llvm::append_range(loops, generic.getIteratorTypesArray());
  SmallVector<std::pair<tensor::ExtractOp, Value>> reads;
  generic->walk([&](tensor::ExtractOp read) {
    if (isTracked(read.getTensor()))
      reads.push_back({read, buildLeading(rewriter, read.getTensor())});
  });
  auto applied = linalg::GenericOp::create(rewriter, generic.getLoc(),
                                           TypeRange(ValueRange(inits)), inputs,
                                           inits, maps, loops);
  applied.getRegion().takeBody(generic.getRegion());
  shiftCounters(applied);
  rewriter.setInsertionPointToStart(applied.getBody());
  Value number =
      reads.empty()
          ? Value()
          : linalg::IndexOp::create(rewriter, applied.getLoc(), 0).getResult();
  for (auto [read, tensor] : reads) {
    read.getTensorMutable().assign(tensor);
    read.getIndicesMutable().assign(llvm::to_vector(llvm::concat<Value>(
        SmallVector<Value>{number}, llvm::to_vector(read.getIndices()))));
  }
  replaceByLeading(generic, applied.getResults());
  return success();
}

//===----------------------------------------------------------------------===//
// Tensor operations
//===----------------------------------------------------------------------===//

/// Groups of dimensions behind the batch. A scalar has no dimension of its own.
static SmallVector<ReassociationIndices>
shiftGroups(ArrayRef<ReassociationIndices> groups, int64_t rank) {
  SmallVector<ReassociationIndices> shifted = {{0}};
  if (groups.empty())
    for (int64_t dim = 0; dim < rank; ++dim)
      shifted.front().push_back(dim + 1);
  for (const ReassociationIndices &group : groups) {
    shifted.emplace_back();
    for (int64_t dim : group)
      shifted.back().push_back(dim + 1);
  }
  return shifted;
}

LogicalResult BlockRebatcher::applyExpand(tensor::ExpandShapeOp op) {
  OpBuilder builder(op);
  Value value = buildLeading(builder, op.getSrc());
  Value expanded = tensor::ExpandShapeOp::create(
      builder, op.getLoc(), getLeadingType(op.getType()), value,
      shiftGroups(op.getReassociationIndices(), op.getResultType().getRank()));
  replaceByLeading(op, expanded);
  return success();
}

LogicalResult BlockRebatcher::applyCollapse(tensor::CollapseShapeOp op) {
  OpBuilder builder(op);
  Value value = buildLeading(builder, op.getSrc());
  Value collapsed = tensor::CollapseShapeOp::create(
      builder, op.getLoc(), getLeadingType(op.getType()), value,
      shiftGroups(op.getReassociationIndices(), op.getSrcType().getRank()));
  replaceByLeading(op, collapsed);
  return success();
}

/// `values` behind what the dimension of the batch has.
static SmallVector<OpFoldResult> addFront(OpBuilder &builder, int64_t front,
                                          ArrayRef<OpFoldResult> values) {
  SmallVector<OpFoldResult> result = {builder.getIndexAttr(front)};
  llvm::append_range(result, values);
  return result;
}

LogicalResult BlockRebatcher::applyExtractSlice(tensor::ExtractSliceOp op) {
  if (!isTracked(op.getSource()))
    return refuse(op, "takes a slice at a computed place");
  OpBuilder builder(op);
  Value value = buildLeading(builder, op.getSource());
  Value slice = tensor::ExtractSliceOp::create(
      builder, op.getLoc(), getLeadingType(op.getType()), value,
      addFront(builder, 0, op.getMixedOffsets()),
      addFront(builder, batch, op.getMixedSizes()),
      addFront(builder, 1, op.getMixedStrides()));
  replaceByLeading(op, slice);
  return success();
}

LogicalResult BlockRebatcher::applyInsertSlice(tensor::InsertSliceOp op) {
  OpBuilder builder(op);
  Value value = buildLeadingInit(builder, op.getSource(), /*isRead=*/true);
  Value target = buildLeadingInit(builder, op.getDest(), /*isRead=*/true);
  Value inserted = tensor::InsertSliceOp::create(
      builder, op.getLoc(), value, target,
      addFront(builder, 0, op.getMixedOffsets()),
      addFront(builder, batch, op.getMixedSizes()),
      addFront(builder, 1, op.getMixedStrides()));
  replaceByLeading(op, inserted);
  return success();
}

LogicalResult BlockRebatcher::applyPad(tensor::PadOp op) {
  Value padding = op.getConstantPaddingValue();
  if (!padding || !isTracked(op.getSource()))
    return refuse(op, "pads with a computed value");
  OpBuilder builder(op);
  // The value may stand in the body, which stays behind.
  if (padding.getParentRegion() == &op.getRegion())
    padding = builder.clone(*padding.getDefiningOp())->getResult(0);
  Value value = buildLeading(builder, op.getSource());
  Value padded = tensor::PadOp::create(
      builder, op.getLoc(), getLeadingType(op.getType()), value,
      addFront(builder, 0, op.getMixedLowPad()),
      addFront(builder, 0, op.getMixedHighPad()), padding, op.getNofold());
  replaceByLeading(op, padded);
  return success();
}

LogicalResult BlockRebatcher::applyConcat(tensor::ConcatOp op) {
  OpBuilder builder(op);
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(buildLeadingInit(builder, input, /*isRead=*/true));
  Value joined =
      tensor::ConcatOp::create(builder, op.getLoc(), op.getDim() + 1, inputs);
  replaceByLeading(op, joined);
  return success();
}
