// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of operations, in the order of OnnxGraphOps.td. The labels in
// comments are those of the constraints in the descriptions there.

#include "mlir/IR/Builders.h"
#include "pdq/Export/Onnx/OnnxGraph.h"

using namespace mlir;
using namespace mlir::pdq::onnx_graph;

#define GET_OP_CLASSES
#include "pdq/Export/Onnx/OnnxGraphOps.cpp.inc"

/// Numbers of TensorProto.DataType in onnx.proto.
std::optional<int> mlir::pdq::onnx_graph::getDataType(Type elementType) {
  if (elementType.isF32())
    return 1;
  if (elementType.isF16())
    return 10;
  if (elementType.isF64())
    return 11;
  if (elementType.isBF16())
    return 16;
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer)
    return std::nullopt;
  struct Row {
    unsigned width;
    IntegerType::SignednessSemantics sign;
    int number;
  };
  static constexpr Row rows[] = {
      {1, IntegerType::Signless, 9},  {8, IntegerType::Signless, 3},
      {16, IntegerType::Signless, 5}, {32, IntegerType::Signless, 6},
      {64, IntegerType::Signless, 7}, {8, IntegerType::Unsigned, 2},
      {4, IntegerType::Unsigned, 21}, {4, IntegerType::Signed, 22},
      {2, IntegerType::Unsigned, 25}, {2, IntegerType::Signed, 26},
  };
  for (const Row &row : rows)
    if (row.width == integer.getWidth() && row.sign == integer.getSignedness())
      return row.number;
  return std::nullopt;
}

/// An error where a tensor's elements have no type of ONNX.
static LogicalResult verifyElementType(Operation *op, Type type) {
  Type elementType = cast<ShapedType>(type).getElementType();
  if (getDataType(elementType))
    return success();
  return op->emitOpError("has a tensor of ")
         << elementType
         << ", expected a type of ONNX: f16, bf16, f32, f64, i1, i8, i16, i32, "
            "i64, ui2, ui4, ui8, si2 or si4";
}

LogicalResult InitializerOp::verify() {
  // initializer_c2
  if (!isa<DenseElementsAttr>(getValue()))
    return emitOpError("holds ") << getValue() << ", expected dense elements";
  // initializer_c1
  return verifyElementType(*this, getType());
}

static bool isOnnxAttribute(Attribute attribute) {
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return integer.getType().isInteger(64);
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getType().isF32();
  return isa<StringAttr, DenseI64ArrayAttr>(attribute);
}

LogicalResult NodeOp::verify() {
  // node_c1
  for (NamedAttribute attribute : getNodeAttributes())
    if (!isOnnxAttribute(attribute.getValue()))
      return emitOpError("has '")
             << attribute.getName().getValue() << "' = " << attribute.getValue()
             << ", expected an i64, an f32, a string or an array of i64";
  // node_c2
  for (Type type : getOperation()->getOperandTypes())
    if (failed(verifyElementType(*this, type)))
      return failure();
  for (Type type : getOperation()->getResultTypes())
    if (failed(verifyElementType(*this, type)))
      return failure();
  return success();
}
