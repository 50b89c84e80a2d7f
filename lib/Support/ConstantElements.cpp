// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends compute positions (of an interpolation, of a flipped filter) by
// tensors of integers and by loop indices; here they become numbers.

#include "pdq/Support/ConstantElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// Operations between an element and the constants behind it, beyond which it
/// counts as unknown.
static constexpr unsigned maxDepth = 64;

Attribute ConstantElements::getScalar(Value scalar, linalg::LinalgOp op,
                                      ArrayRef<int64_t> position) {
  Scalars scalars;
  return compute(scalar, op, position, scalars);
}

Attribute ConstantElements::getElement(Value tensor,
                                       ArrayRef<int64_t> indices) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || !type.hasStaticShape() || depth > maxDepth)
    return Attribute();
  std::pair<Value, int64_t> key(
      tensor, linearize(indices, computeStrides(type.getShape())));
  if (auto known = elements.find(key); known != elements.end())
    return known->second;
  ++depth;
  Attribute element = computeElement(tensor, indices);
  --depth;
  return elements[key] = element;
}

/// The elements of a constant; frontends keep large ones as resources.
DenseElementsAttr ConstantElements::getConstant(Value tensor) {
  if (auto known = constants.find(tensor); known != constants.end())
    return known->second;
  Attribute attribute;
  if (!matchPattern(tensor, m_Constant(&attribute)))
    return {};
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  auto resource = dyn_cast<DenseResourceElementsAttr>(attribute);
  if (resource) {
    auto type = cast<ShapedType>(resource.getType());
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    bool isSplat = false;
    if (blob &&
        DenseElementsAttr::isValidRawBuffer(type, blob->getData(), isSplat))
      dense = DenseElementsAttr::getFromRawBuffer(type, blob->getData());
  }
  return constants[tensor] = dense;
}

Attribute ConstantElements::getElementOfSlice(tensor::ExtractSliceOp slice,
                                              ArrayRef<int64_t> indices) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<int64_t> source;
  size_t next = 0;
  for (int64_t dim = 0; dim < slice.getSourceType().getRank(); ++dim) {
    int64_t offset = slice.getStaticOffset(dim);
    int64_t stride = slice.getStaticStride(dim);
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(stride))
      return Attribute();
    source.push_back(offset +
                     (dropped.test(dim) ? 0 : stride * indices[next++]));
  }
  return getElement(slice.getSource(), source);
}

Attribute ConstantElements::getElementOfConcat(tensor::ConcatOp joined,
                                               ArrayRef<int64_t> indices) {
  SmallVector<int64_t> source(indices);
  int64_t &position = source[joined.getDim()];
  for (Value input : joined.getInputs()) {
    int64_t size =
        cast<RankedTensorType>(input.getType()).getDimSize(joined.getDim());
    if (ShapedType::isDynamic(size))
      return Attribute();
    if (position < size)
      return getElement(input, source);
    position -= size;
  }
  return Attribute();
}

/// An element of what was inserted, where it was, and else of what it was
/// inserted into.
Attribute ConstantElements::getElementOfInsert(tensor::InsertSliceOp insert,
                                               ArrayRef<int64_t> indices) {
  llvm::SmallBitVector dropped = insert.getDroppedDims();
  SmallVector<int64_t> source;
  bool isInside = true;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    int64_t offset = insert.getStaticOffset(dim),
            stride = insert.getStaticStride(dim),
            size = insert.getStaticSize(dim);
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(stride) ||
        ShapedType::isDynamic(size) || stride < 1)
      return Attribute();
    int64_t distance = index - offset;
    isInside &=
        distance >= 0 && distance % stride == 0 && distance / stride < size;
    if (!dropped.test(dim))
      source.push_back(distance / stride);
  }
  return isInside ? getElement(insert.getSource(), source)
                  : getElement(insert.getDest(), indices);
}

/// An element that a structured operation without sums gives.
Attribute ConstantElements::getElementOfStructured(linalg::LinalgOp op,
                                                   OpResult result,
                                                   ArrayRef<int64_t> indices) {
  unsigned number = result.getResultNumber();
  if (op.getNumReductionLoops() != 0)
    return Attribute();
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
  SmallVector<int64_t> position(op.getNumLoops(), -1);
  for (auto [expr, index] : llvm::zip_equal(map.getResults(), indices)) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop && expr != getAffineConstantExpr(0, op->getContext()))
      return Attribute();
    if (loop)
      position[loop.getPosition()] = index;
  }
  if (llvm::is_contained(position, -1))
    return Attribute();
  return getScalar(op.getBlock()->getTerminator()->getOperand(number), op,
                   position);
}

Attribute ConstantElements::computeElement(Value tensor,
                                           ArrayRef<int64_t> indices) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensor.getType()).getShape();
  if (DenseElementsAttr constant = getConstant(tensor))
    return constant
        .getValues<Attribute>()[linearize(indices, computeStrides(shape))];
  Operation *def = tensor.getDefiningOp();
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(def))
    return getElement(cast.getSource(), indices);
  if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(def))
    return getElementOfSlice(slice, indices);
  if (auto joined = dyn_cast_or_null<tensor::ConcatOp>(def))
    return getElementOfConcat(joined, indices);
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(def)) {
    auto source = cast<RankedTensorType>(def->getOperand(0).getType());
    if (!source.hasStaticShape())
      return Attribute();
    return getElement(def->getOperand(0),
                      delinearize(linearize(indices, computeStrides(shape)),
                                  computeStrides(source.getShape())));
  }
  if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(def))
    return getElementOfInsert(insert, indices);
  auto op = dyn_cast_or_null<linalg::LinalgOp>(def);
  return op && op.hasPureTensorSemantics()
             ? getElementOfStructured(op, cast<OpResult>(tensor), indices)
             : Attribute();
}

/// What an operation gives for constant operands, as it does at run time.
/// Upstream's folders decline where a conversion is not exact.
static Attribute convert(Operation *op, ArrayRef<Attribute> operands) {
  auto narrowing = dyn_cast<arith::TruncFOp>(op);
  auto value = narrowing ? dyn_cast<FloatAttr>(operands.front()) : FloatAttr();
  if (!value ||
      (narrowing.getRoundingmode() &&
       narrowing.getRoundingmode() != arith::RoundingMode::to_nearest_even))
    return Attribute();
  bool losesInfo = false;
  APFloat result = value.getValue();
  result.convert(
      cast<FloatType>(op->getResult(0).getType()).getFloatSemantics(),
      APFloat::rmNearestTiesToEven, &losesInfo);
  return FloatAttr::get(op->getResult(0).getType(), result);
}

/// An element that the payload reads of a constant tensor.
Attribute ConstantElements::computeRead(tensor::ExtractOp read,
                                        linalg::LinalgOp op,
                                        ArrayRef<int64_t> position,
                                        Scalars &scalars) {
  SmallVector<int64_t> indices;
  for (auto [index, size] : llvm::zip_equal(
           read.getIndices(), read.getTensor().getType().getShape())) {
    auto value =
        dyn_cast_or_null<IntegerAttr>(compute(index, op, position, scalars));
    if (!value || value.getInt() < 0 || value.getInt() >= size)
      return Attribute();
    indices.push_back(value.getInt());
  }
  return getElement(read.getTensor(), indices);
}

Attribute ConstantElements::compute(Value scalar, linalg::LinalgOp op,
                                    ArrayRef<int64_t> position,
                                    Scalars &scalars) {
  if (auto known = scalars.find(scalar); known != scalars.end())
    return known->second;
  Attribute result;
  Operation *def = scalar.getDefiningOp();
  if (auto argument = dyn_cast<BlockArgument>(scalar)) {
    if (argument.getOwner() != op.getBlock())
      return result;
    OpOperand *operand = op.getMatchingOpOperand(argument);
    if (!isa<RankedTensorType>(operand->get().getType()))
      return compute(operand->get(), op, position, scalars);
    result = getElement(operand->get(),
                        op.getMatchingIndexingMap(operand).compose(position));
  } else if (auto index = dyn_cast<linalg::IndexOp>(def)) {
    result = Builder(def->getContext()).getIndexAttr(position[index.getDim()]);
  } else if (auto read = dyn_cast<tensor::ExtractOp>(def)) {
    result = computeRead(read, op, position, scalars);
  } else if (!matchPattern(scalar, m_Constant(&result)) &&
             def->getNumResults() == 1 && depth < maxDepth) {
    SmallVector<Attribute> operands;
    ++depth;
    for (Value operand : def->getOperands())
      operands.push_back(compute(operand, op, position, scalars));
    --depth;
    SmallVector<OpFoldResult> folded;
    bool isKnown = !operands.empty() &&
                   llvm::all_of(operands, [](Attribute a) { return bool(a); });
    if (isKnown && !(result = convert(def, operands)) &&
        succeeded(def->fold(operands, folded)) && folded.size() == 1)
      result = isa<Attribute>(folded[0])
                   ? cast<Attribute>(folded[0])
                   : compute(cast<Value>(folded[0]), op, position, scalars);
  }
  return scalars[scalar] = result;
}
