// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making sizes of a function dynamic again: a forward walk that computes the
// sizes of each value from those of the inputs and sets types again.

#include "pdq/Network/Resize/Resize.h"
#include "BlockResizer.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Layers/Structure.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

AffineExpr BlockResizer::addSymbol(BlockArgument argument, unsigned dim) {
  if (dim == 0 && batch)
    return builder.getAffineSymbolExpr(*batch);
  unsigned number = oldSizes.size();
  if (dim == 0)
    batch = number;
  oldSizes.push_back(
      cast<RankedTensorType>(argument.getType()).getDimSize(dim));
  OpBuilder b = OpBuilder::atBlockBegin(&block);
  newSizes.push_back(
      tensor::DimOp::create(b, argument.getLoc(), argument, dim));
  return builder.getAffineSymbolExpr(number);
}

void BlockResizer::addArgument(BlockArgument argument, RankedTensorType type) {
  Sizes sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    sizes.push_back(ShapedType::isDynamic(size) ? addSymbol(argument, dim)
                                                : constant(size));
  track(argument, sizes);
}

int64_t BlockResizer::evaluate(AffineExpr size) const {
  SmallVector<AffineExpr> values;
  for (int64_t old : oldSizes)
    values.push_back(getAffineConstantExpr(old, size.getContext()));
  return cast<AffineConstantExpr>(size.replaceSymbols(values)).getValue();
}

Sizes BlockResizer::getSizes(Value value) const {
  if (auto found = tracked.find(value); found != tracked.end())
    return found->second;
  auto type = cast<RankedTensorType>(value.getType());
  return llvm::map_to_vector(type.getShape(), [&](int64_t size) {
    return getAffineConstantExpr(size, value.getContext());
  });
}

RankedTensorType BlockResizer::getType(RankedTensorType type,
                                       ArrayRef<AffineExpr> sizes) {
  return type.clone(llvm::map_to_vector(sizes, [](AffineExpr size) {
    auto known = dyn_cast<AffineConstantExpr>(size);
    return known ? known.getValue() : ShapedType::kDynamic;
  }));
}

OpFoldResult BlockResizer::buildSize(OpBuilder &b, Location loc,
                                     AffineExpr size) {
  if (auto known = dyn_cast<AffineConstantExpr>(size))
    return b.getIndexAttr(known.getValue());
  return affine::makeComposedFoldedAffineApply(
      b, loc, AffineMap::get(0, newSizes.size(), size),
      getAsOpFoldResult(newSizes));
}

SmallVector<OpFoldResult> BlockResizer::buildSizes(OpBuilder &b, Location loc,
                                                   ArrayRef<AffineExpr> sizes) {
  return llvm::map_to_vector(
      sizes, [&](AffineExpr size) { return buildSize(b, loc, size); });
}

void BlockResizer::track(Value value, Sizes sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  RankedTensorType resized = getType(type, sizes);
  value.setType(resized);
  if (!resized.hasStaticShape())
    tracked[value] = std::move(sizes);
}

void BlockResizer::replace(Operation *op, Value value, Sizes sizes) {
  if (Operation *made = value.getDefiningOp(); made && made != op)
    for (NamedAttribute attribute : op->getDiscardableAttrs())
      made->setDiscardableAttr(attribute.getName(), attribute.getValue());
  Value old = op->getResult(0);
  if (auto count = counts.find(old); count != counts.end())
    counts[value] = AffineExpr(count->second);
  counts.erase(old);
  old.replaceAllUsesWith(value);
  op->erase();
  track(value, std::move(sizes));
}

LogicalResult BlockResizer::refuse(Operation *op, const Twine &reason) {
  if (!refusal)
    refusal = {op->getLoc(),
               ("'" + op->getName().getStringRef() + "' op " + reason).str()};
  return failure();
}

void BlockResizer::addDoubt(Operation *op, const Twine &reason) {
  if (!doubt)
    doubt = {op->getLoc(),
             ("'" + op->getName().getStringRef() + "' op " + reason).str()};
}

//===----------------------------------------------------------------------===//
// Walk
//===----------------------------------------------------------------------===//

LogicalResult BlockResizer::visit(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp typed) { return visitStructured(typed); })
      .Case([&](tensor::PadOp typed) { return visitPad(typed); })
      .Case([&](tensor::CollapseShapeOp typed) { return visitCollapse(typed); })
      .Case([&](tensor::ExpandShapeOp typed) { return visitExpand(typed); })
      .Case([&](tensor::ExtractSliceOp typed) {
        return visitExtractSlice(typed);
      })
      .Case(
          [&](tensor::InsertSliceOp typed) { return visitInsertSlice(typed); })
      .Case([&](tensor::ConcatOp typed) { return visitConcat(typed); })
      .Case([&](tensor::CastOp typed) { return visitCast(typed); })
      .Case<FakeQuantOp, BatchNormOp, quant::StorageCastOp,
            quant::QuantizeCastOp, quant::DequantizeCastOp>(
          [&](auto typed) { return visitSameShape(typed); })
      .Default([&](Operation *unknown) {
        return refuse(unknown, "on the data path has no dynamic sizes");
      });
}

/// Whether the operation reads a value, also where its payload does.
static bool readsAny(Operation *op, function_ref<bool(Value)> isWanted) {
  return llvm::any_of(getReadValues(op), isWanted);
}

LogicalResult BlockResizer::run() {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    if (isa<tensor::DimOp>(op))
      continue;
    keepCount(&op);
    bool isOnPath = readsAny(&op, [&](Value v) { return isTracked(v); });
    if (!isOnPath && !isa<linalg::LinalgOp>(op))
      continue;
    if (auto structured = dyn_cast<linalg::LinalgOp>(op))
      computeDivisors(structured);
    if (isOnPath && failed(visit(&op)))
      return failure();
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
  return success();
}

std::optional<ResizeNote>
mlir::pdq::makeDynamic(func::FuncOp function, ArrayRef<RankedTensorType> types,
                       std::optional<ResizeNote> *doubt) {
  Block &block = function.getBody().front();
  BlockResizer resizer(block);
  for (auto [argument, type] : llvm::zip_equal(block.getArguments(), types))
    resizer.addArgument(argument, type);
  if (failed(resizer.run()))
    return resizer.getRefusal();
  if (doubt)
    *doubt = resizer.getDoubt();
  function.setType(FunctionType::get(function.getContext(),
                                     block.getArgumentTypes(),
                                     block.getTerminator()->getOperandTypes()));
  return std::nullopt;
}

SmallVector<RankedTensorType> mlir::pdq::getInputTypes(ModuleOp module,
                                                       func::FuncOp network) {
  auto attribute = module->getAttrOfType<ArrayAttr>(inputTypesName);
  auto batch = module->getAttrOfType<IntegerAttr>(batchName);
  if (!attribute || attribute.size() != network.getNumArguments())
    return {};
  SmallVector<RankedTensorType> types;
  for (auto [element, type] : llvm::zip_equal(attribute.getAsRange<TypeAttr>(),
                                              network.getArgumentTypes())) {
    auto came = dyn_cast<RankedTensorType>(element.getValue());
    auto now = dyn_cast<RankedTensorType>(type);
    if (!came || !now || came.getRank() != now.getRank() ||
        came.getElementType() != now.getElementType())
      return {};
    SmallVector<int64_t> shape(now.getShape());
    for (auto [dim, size] : llvm::enumerate(came.getShape()))
      if (ShapedType::isDynamic(size) &&
          (dim > 0 || (batch && batch.getInt() == -1)))
        shape[dim] = size;
    types.push_back(now.clone(shape));
  }
  return types;
}
