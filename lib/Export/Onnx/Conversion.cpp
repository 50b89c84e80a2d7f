// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a network, each converted when it is read.

#include "Conversion.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

Type mlir::pdq::getOnnxElementType(Type type) {
  type = getElementTypeOrSelf(type);
  return type.isIndex() ? IntegerType::get(type.getContext(), 64) : type;
}

Value Conversion::fail(Operation *op, const Twine &reason) {
  emitError(op->getLoc(), "'")
      << op->getName() << "' has no form in ONNX: " << reason;
  return {};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Conversion::getCompact(Value value) {
  if (Value known = values.lookup(value))
    return known;
  auto [place, isNew] = compact.try_emplace(value);
  if (!isNew)
    return place->second;
  Value converted = convert(cast<OpResult>(value));
  return compact[value] = converted;
}

Value Conversion::get(Value value) {
  if (Value known = values.lookup(value))
    return known;
  Value converted = getCompact(value);
  if (converted && isa<RankedTensorType>(value.getType()))
    converted = graph.expand(converted, getSizes(value));
  return values[value] = converted;
}

Size Conversion::getSize(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  Operation *op = tensor.getDefiningOp();
  if (auto empty = dyn_cast_or_null<tensor::EmptyOp>(op))
    return getSize(empty.getMixedSizes()[dim]);
  if (auto structured = dyn_cast_or_null<linalg::LinalgOp>(op))
    return getSize(
        structured.getDpsInits()[cast<OpResult>(tensor).getResultNumber()],
        dim);
  return graph.getSize(getCompact(tensor), dim);
}

SmallVector<Size> Conversion::getSizes(Value tensor) {
  SmallVector<Size> sizes;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    sizes.push_back(getSize(tensor, dim));
  return sizes;
}

Size Conversion::getSize(OpFoldResult number) {
  if (std::optional<int64_t> known = getConstantIntValue(number))
    return *known;
  return graph.unsqueeze(get(cast<Value>(number)), 0);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value Conversion::convert(OpResult result) {
  Operation *op = result.getOwner();
  Location before = graph.loc;
  graph.loc = op->getLoc();
  Value converted = convertOperation(op, result);
  graph.loc = before;
  return converted;
}

Value Conversion::convertConstant(Operation *op, Attribute value) {
  Type elementType = getOnnxElementType(op->getResult(0).getType());
  if (!onnx_graph::getDataType(elementType))
    return fail(op, "its elements have no type there");
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.getElementType().isIndex())
      dense = dense.mapValues(elementType, [](const APInt &index) {
        return index.sextOrTrunc(64);
      });
    return graph.initializer(dense);
  }
  if (auto number = dyn_cast<IntegerAttr>(value))
    return graph.scalar(IntegerAttr::get(
        elementType,
        number.getValue().sextOrTrunc(elementType.getIntOrFloatBitWidth())));
  if (auto number = dyn_cast<FloatAttr>(value))
    return graph.scalar(number);
  return fail(op, "its elements are not dense");
}

Value Conversion::convertOperation(Operation *op, OpResult result) {
  Attribute constant;
  if (matchPattern(op, m_Constant(&constant)))
    return convertConstant(op, constant);
  return TypeSwitch<Operation *, Value>(op)
      .Case(
          [&](quant::DequantizeCastOp cast) { return convertDequantize(cast); })
      .Case([&](linalg::LinalgOp structured) {
        return convertStructured(structured, result);
      })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ReshapeOp>(
          [&](auto reshape) { return convertReshape(reshape); })
      .Case([&](tensor::CastOp cast) { return get(cast.getSource()); })
      .Case([&](tensor::ExtractSliceOp slice) {
        return convertExtractSlice(slice);
      })
      .Case([&](tensor::InsertSliceOp insert) {
        return convertInsertSlice(insert);
      })
      .Case([&](tensor::PadOp pad) { return convertPad(pad); })
      .Case([&](tensor::ConcatOp concat) { return convertConcat(concat); })
      .Case([&](tensor::ExtractOp extract) { return convertExtract(extract); })
      .Case([&](tensor::FromElementsOp list) {
        return convertFromElements(list);
      })
      .Case([&](tensor::DimOp dim) -> Value {
        std::optional<int64_t> number = dim.getConstantIndex();
        if (!number)
          return fail(op, "its dimension is no constant");
        Size size = getSize(dim.getSource(), *number);
        return size.isDynamic()
                   ? graph.squeeze(size.tensor, 0)
                   : graph.scalar(graph.b.getI64IntegerAttr(size.size));
      })
      .Case([&](tensor::EmptyOp empty) -> Value {
        // Nothing says what is in it.
        Type elementType = getOnnxElementType(empty.getType());
        auto type = RankedTensorType::get(
            SmallVector<int64_t>(empty.getType().getRank(), 1), elementType);
        return graph.initializer(
            DenseElementsAttr::get(type, graph.b.getZeroAttr(elementType)));
      })
      .Default([&](Operation *other) -> Value {
        if (other->getNumResults() != 1 || other->getNumRegions() != 0 ||
            isa<ShapedType>(other->getResult(0).getType()))
          return fail(other, "it is not among the operations that are known");
        SmallVector<Value> operands;
        for (Value operand : other->getOperands())
          operands.push_back(get(operand));
        return convertScalar(other, operands);
      });
}
