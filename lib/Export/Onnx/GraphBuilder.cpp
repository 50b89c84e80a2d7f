// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes of an ONNX graph, with the types that follow.

#include "GraphBuilder.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace mlir::pdq;
using onnx_graph::InitializerOp;
using onnx_graph::NodeOp;

//===----------------------------------------------------------------------===//
// Nodes and constants
//===----------------------------------------------------------------------===//

/// The dequantization of an activation's i8 that an operator only gives other
/// places; null for other operators and inputs.
static NodeOp getMovedDequantize(StringRef operatorType, ValueRange inputs) {
  static constexpr StringRef moves[] = {"MaxPool", "Reshape",   "Slice",
                                        "Squeeze", "Transpose", "Unsqueeze"};
  if (!llvm::is_contained(moves, operatorType))
    return {};
  auto op = inputs[0].getDefiningOp<NodeOp>();
  if (!op || op.getOpType() != "DequantizeLinear" ||
      !op.getNodeAttributes().empty() ||
      !getTensorType(op.getInputs()[0]).getElementType().isInteger(8) ||
      op.getInputs()[0].getDefiningOp<InitializerOp>())
    return {};
  return op;
}

Value GraphBuilder::node(StringRef operatorType, ValueRange inputs, Type result,
                         ArrayRef<NamedAttribute> attributes) {
  if (llvm::is_contained(inputs, Value()))
    return {};
  // ONNX Runtime (1.32) moves such operators in front itself, and then mixes
  // the types of the integers up.
  if (NodeOp moved = getMovedDequantize(operatorType, inputs)) {
    SmallVector<Value> sources(moved.getInputs()), operands(inputs);
    operands[0] = sources[0];
    sources[0] = node(operatorType, operands,
                      llvm::cast<RankedTensorType>(result).clone(
                          getTensorType(operands[0]).getElementType()),
                      attributes);
    return node("DequantizeLinear", sources, result);
  }
  return NodeOp::create(b, loc, result, b.getStringAttr(operatorType), inputs,
                        b.getDictionaryAttr(attributes))
      ->getResult(0);
}

NamedAttribute GraphBuilder::attribute(StringRef name, int64_t value) {
  return b.getNamedAttr(name, b.getI64IntegerAttr(value));
}

NamedAttribute GraphBuilder::attribute(StringRef name,
                                       ArrayRef<int64_t> values) {
  return b.getNamedAttr(name, b.getDenseI64ArrayAttr(values));
}

NamedAttribute GraphBuilder::attribute(StringRef name, StringRef value) {
  return b.getNamedAttr(name, b.getStringAttr(value));
}

Value GraphBuilder::initializer(DenseElementsAttr elements) {
  Value &value = initializers[elements];
  if (!value) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(b.getInsertionBlock());
    value = InitializerOp::create(b, loc, elements);
  }
  return value;
}

Value GraphBuilder::scalar(TypedAttr number) {
  return initializer(DenseElementsAttr::get(
      RankedTensorType::get({}, number.getType()), Attribute(number)));
}

Value GraphBuilder::integers(ArrayRef<int64_t> values) {
  return initializer(b.getI64TensorAttr(values));
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// The shape of tensors that are broadcast to each other, aligned at their last
/// dimensions.
static SmallVector<int64_t> getBroadcastShape(ValueRange inputs) {
  SmallVector<int64_t> shape;
  for (Value input : inputs) {
    ArrayRef<int64_t> other = getTensorType(input).getShape();
    if (other.size() > shape.size())
      shape.insert(shape.begin(), other.size() - shape.size(), 1);
    for (auto [size, more] :
         llvm::zip(MutableArrayRef(shape).take_back(other.size()), other))
      if (size == 1 || (ShapedType::isDynamic(size) && more != 1))
        size = more;
  }
  return shape;
}

Value GraphBuilder::elementwise(StringRef operatorType, ValueRange inputs,
                                Type elementType,
                                ArrayRef<NamedAttribute> attributes) {
  if (llvm::is_contained(inputs, Value()))
    return {};
  if (!elementType)
    elementType = getTensorType(inputs[0]).getElementType();
  return node(operatorType, inputs,
              RankedTensorType::get(getBroadcastShape(inputs), elementType),
              attributes);
}

Value GraphBuilder::cast(Value input, Type elementType) {
  if (!input || getTensorType(input).getElementType() == elementType)
    return input;
  return elementwise("Cast", input, elementType,
                     attribute("to", *onnx_graph::getDataType(elementType)));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

SmallVector<int64_t> mlir::pdq::getStaticShape(ArrayRef<Size> sizes) {
  return llvm::map_to_vector(sizes, [](const Size &size) { return size.size; });
}

static SmallVector<int64_t> permute(ArrayRef<int64_t> values,
                                    ArrayRef<int64_t> permutation) {
  return llvm::map_to_vector(permutation,
                             [&](int64_t place) { return values[place]; });
}

Value GraphBuilder::transpose(Value input, ArrayRef<int64_t> permutation) {
  if (!input || llvm::is_sorted(permutation))
    return input;
  auto type = getTensorType(input);
  return node("Transpose", input,
              type.clone(permute(type.getShape(), permutation)),
              attribute("perm", permutation));
}

/// The axis of a shape that has the elements of `axis` of another one with as
/// many elements in front and behind; nothing where no dimension has.
static std::optional<int64_t> findAxis(ArrayRef<int64_t> from, int64_t axis,
                                       ArrayRef<int64_t> to) {
  int64_t before = ShapedType::getNumElements(from.take_front(axis));
  for (auto [dim, size] : llvm::enumerate(to))
    if (size == from[axis] &&
        ShapedType::getNumElements(to.take_front(dim)) == before)
      return dim;
  return std::nullopt;
}

/// A constant, or a dequantized one, with another shape; null where `input` is
/// something else.
Value GraphBuilder::reshapeConstant(Value input, ArrayRef<int64_t> shape) {
  if (llvm::any_of(shape, ShapedType::isDynamic))
    return {};
  auto type = getTensorType(input).clone(shape);
  if (auto constant = input.getDefiningOp<InitializerOp>())
    return initializer(
        llvm::cast<DenseElementsAttr>(constant.getValue())
            .reshape(llvm::cast<ShapedType>(constant.getType()).clone(shape)));
  auto op = input.getDefiningOp<NodeOp>();
  if (!op || op.getOpType() != "DequantizeLinear" ||
      !op.getInputs()[0].getDefiningOp<InitializerOp>())
    return {};
  NamedAttrList attributes(op.getNodeAttributes());
  if (auto axis = dyn_cast_or_null<IntegerAttr>(attributes.get("axis"))) {
    auto place =
        findAxis(getTensorType(input).getShape(), axis.getInt(), shape);
    if (!place)
      return {};
    attributes.set("axis", b.getI64IntegerAttr(*place));
  }
  SmallVector<Value> inputs(op.getInputs());
  inputs[0] = reshapeConstant(inputs[0], shape);
  return node("DequantizeLinear", inputs, type, attributes.getAttrs());
}

Value GraphBuilder::unsqueeze(Value input, ArrayRef<int64_t> axes) {
  if (!input || axes.empty())
    return input;
  auto type = getTensorType(input);
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t axis : axes)
    shape.insert(shape.begin() + axis, 1);
  if (Value constant = reshapeConstant(input, shape))
    return constant;
  return node("Unsqueeze", {input, integers(axes)}, type.clone(shape));
}

Value GraphBuilder::squeeze(Value input, ArrayRef<int64_t> axes) {
  if (!input || axes.empty())
    return input;
  auto type = getTensorType(input);
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!llvm::is_contained(axes, int64_t(dim)))
      shape.push_back(size);
  if (Value constant = reshapeConstant(input, shape))
    return constant;
  return node("Squeeze", {input, integers(axes)}, type.clone(shape));
}

/// Sizes as `Reshape` takes them where at most one is dynamic: 0 for the batch
/// of the input, -1 for one that follows from the others.
static std::optional<SmallVector<int64_t>>
getReshapeTarget(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  if (llvm::count_if(to, ShapedType::isDynamic) > 1)
    return std::nullopt;
  bool keepsBatch = !from.empty() && !to.empty() &&
                    ShapedType::isDynamic(from[0]) &&
                    ShapedType::isDynamic(to[0]) &&
                    !llvm::any_of(from.drop_front(), ShapedType::isDynamic) &&
                    ShapedType::getNumElements(from.drop_front()) ==
                        ShapedType::getNumElements(to.drop_front());
  return llvm::map_to_vector(to, [&](int64_t size) -> int64_t {
    return ShapedType::isDynamic(size) ? (keepsBatch ? 0 : -1) : size;
  });
}

Value GraphBuilder::reshape(Value input, ArrayRef<Size> sizes) {
  if (!input)
    return {};
  auto type = getTensorType(input);
  SmallVector<int64_t> shape = getStaticShape(sizes);
  if (type.hasStaticShape() && type.getShape() == ArrayRef(shape))
    return input;
  if (Value constant = reshapeConstant(input, shape))
    return constant;
  auto target = getReshapeTarget(type.getShape(), shape);
  return node("Reshape",
              {input, target ? integers(*target) : buildShape(sizes)},
              type.clone(shape));
}

Value GraphBuilder::expand(Value input, ArrayRef<Size> sizes) {
  if (!input)
    return {};
  SmallVector<int64_t> shape = getStaticShape(sizes);
  auto type = getTensorType(input);
  auto isFull = [](auto dims) {
    auto [has, wanted] = dims;
    return has != 1 || wanted == 1;
  };
  if (type.getRank() == static_cast<int64_t>(shape.size()) &&
      llvm::all_of(llvm::zip(type.getShape(), shape), isFull))
    return input;
  return node("Expand", {input, buildShape(sizes)}, type.clone(shape));
}

Value GraphBuilder::slice(Value input, ArrayRef<int64_t> axes, Value starts,
                          Value ends, Value steps,
                          ArrayRef<int64_t> resultShape) {
  if (!input || axes.empty())
    return input;
  return node("Slice", {input, starts, ends, integers(axes), steps},
              getTensorType(input).clone(resultShape));
}

Value GraphBuilder::concat(ValueRange inputs, int64_t axis) {
  if (llvm::is_contained(inputs, Value()))
    return {};
  if (inputs.size() == 1)
    return inputs[0];
  auto type = getTensorType(inputs[0]);
  SmallVector<int64_t> shape(type.getShape());
  for (Value input : inputs.drop_front()) {
    int64_t more = getTensorType(input).getDimSize(axis);
    shape[axis] =
        ShapedType::isDynamic(more) || ShapedType::isDynamic(shape[axis])
            ? ShapedType::kDynamic
            : shape[axis] + more;
  }
  return node("Concat", inputs, type.clone(shape), attribute("axis", axis));
}

Value GraphBuilder::reduce(StringRef operatorType, Value input,
                           ArrayRef<int64_t> axes) {
  if (!input)
    return {};
  auto type = getTensorType(input);
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!llvm::is_contained(axes, int64_t(dim)))
      shape.push_back(size);
  return node(operatorType, {input, integers(axes)}, type.clone(shape),
              attribute("keepdims", int64_t(0)));
}

Size GraphBuilder::getSize(Value tensor, int64_t dim) {
  if (!tensor)
    return Value();
  auto type = getTensorType(tensor);
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  return node("Shape", tensor, RankedTensorType::get({1}, b.getI64Type()),
              {attribute("start", dim), attribute("end", dim + 1)});
}

SmallVector<Size> GraphBuilder::getSizes(Value tensor) {
  SmallVector<Size> sizes;
  for (int64_t dim = 0; dim < getTensorType(tensor).getRank(); ++dim)
    sizes.push_back(getSize(tensor, dim));
  return sizes;
}

Value GraphBuilder::buildShape(ArrayRef<Size> sizes) {
  SmallVector<int64_t> shape = getStaticShape(sizes);
  if (!llvm::any_of(shape, ShapedType::isDynamic))
    return integers(shape);
  SmallVector<Value> parts;
  for (const Size &size : sizes)
    parts.push_back(size.isDynamic() ? size.tensor : integers(size.size));
  return concat(parts, 0);
}
