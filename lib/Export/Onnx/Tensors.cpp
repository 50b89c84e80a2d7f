// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that give elements other places.

#include "Conversion.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// The number that an operator computes of two sizes.
static Size combine(GraphBuilder &graph, StringRef operatorType, const Size &a,
                    const Size &b) {
  auto tensor = [&](const Size &size) {
    return size.isDynamic() ? size.tensor : graph.integers(size.size);
  };
  return graph.elementwise(operatorType, {tensor(a), tensor(b)});
}

static Size multiply(GraphBuilder &graph, const Size &a, const Size &b) {
  if (!a.isDynamic() && !b.isDynamic())
    return a.size * b.size;
  return combine(graph, "Mul", a, b);
}

static Size add(GraphBuilder &graph, const Size &a, const Size &b) {
  if (!a.isDynamic() && !b.isDynamic())
    return a.size + b.size;
  return combine(graph, "Add", a, b);
}

/// The sizes behind a `tensor.collapse_shape` of `source`.
static SmallVector<Size> getCollapsedSizes(GraphBuilder &graph,
                                           tensor::CollapseShapeOp op,
                                           Value source) {
  SmallVector<Size> sizes;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    Size size = 1;
    for (int64_t dim : group)
      size = multiply(graph, size, graph.getSize(source, dim));
    sizes.push_back(size);
  }
  return sizes;
}

Value Conversion::convertReshape(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value source = get(op->getOperand(0));
  if (!source)
    return {};
  // One dynamic size follows from the others.
  if (type.getNumDynamicDims() <= 1 && !isa<tensor::ReshapeOp>(op))
    return graph.reshape(
        source, llvm::map_to_vector(type.getShape(),
                                    [](int64_t size) { return Size(size); }));
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return graph.reshape(source, getCollapsedSizes(graph, collapse, source));
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return graph.reshape(
        source,
        llvm::map_to_vector(expand.getMixedOutputShape(),
                            [&](OpFoldResult size) { return getSize(size); }));
  return graph.node("Reshape", {source, get(op->getOperand(1))},
                    getTensorType(source).clone(type.getShape()));
}

//===----------------------------------------------------------------------===//
// Reading slices
//===----------------------------------------------------------------------===//

/// Whether a slice has all of a dimension.
static bool isWhole(tensor::ExtractSliceOp op, int64_t dim) {
  if (!isConstantIntValue(op.getMixedOffsets()[dim], 0) ||
      !isConstantIntValue(op.getMixedStrides()[dim], 1))
    return false;
  OpFoldResult size = op.getMixedSizes()[dim];
  auto source = op.getSourceType();
  if (!source.isDynamicDim(dim))
    return isConstantIntValue(size, source.getDimSize(dim));
  auto value = dyn_cast<Value>(size);
  auto dimOp = value ? value.getDefiningOp<tensor::DimOp>() : nullptr;
  return dimOp && dimOp.getSource() == op.getSource() &&
         dimOp.getConstantIndex() == dim;
}

Value Conversion::convertExtractSlice(tensor::ExtractSliceOp op) {
  Value source = get(op.getSource());
  if (!source)
    return {};
  SmallVector<int64_t> axes, shape(getTensorType(source).getShape());
  SmallVector<Size> starts, ends, steps;
  for (int64_t dim = 0; dim < op.getSourceType().getRank(); ++dim) {
    if (isWhole(op, dim))
      continue;
    axes.push_back(dim);
    Size start = getSize(op.getMixedOffsets()[dim]);
    Size step = getSize(op.getMixedStrides()[dim]);
    Size size = getSize(op.getMixedSizes()[dim]);
    // Behind the last element.
    Size last =
        add(graph, start, multiply(graph, step, add(graph, size, Size(-1))));
    starts.push_back(start);
    steps.push_back(step);
    ends.push_back(add(graph, last, Size(1)));
    shape[dim] = size.size;
  }
  Value slice =
      graph.slice(source, axes, graph.buildShape(starts),
                  graph.buildShape(ends), graph.buildShape(steps), shape);
  SmallVector<int64_t> dropped;
  for (int dim : op.getDroppedDims().set_bits())
    dropped.push_back(dim);
  return graph.squeeze(slice, dropped);
}

//===----------------------------------------------------------------------===//
// Writing slices
//===----------------------------------------------------------------------===//

static Value buildPad(GraphBuilder &graph, Value source, ArrayRef<Size> low,
                      ArrayRef<Size> high, Value number) {
  if (!source)
    return {};
  SmallVector<Size> pads(low);
  llvm::append_range(pads, high);
  SmallVector<int64_t> shape;
  for (auto [size, before, behind] :
       llvm::zip_equal(getTensorType(source).getShape(), low, high)) {
    bool isKnown = !ShapedType::isDynamic(size) && !before.isDynamic() &&
                   !behind.isDynamic();
    shape.push_back(isKnown ? size + before.size + behind.size
                            : ShapedType::kDynamic);
  }
  if (llvm::all_of(pads, [](const Size &pad) { return pad.size == 0; }))
    return source;
  return graph.node("Pad", {source, graph.buildShape(pads), number},
                    getTensorType(source).clone(shape));
}

Value Conversion::convertPad(tensor::PadOp op) {
  Value number = op.getConstantPaddingValue();
  if (!number)
    return fail(op, "it is padded by numbers that differ");
  auto toSizes = [&](ArrayRef<OpFoldResult> numbers) {
    return llvm::map_to_vector(
        numbers, [&](OpFoldResult size) { return getSize(size); });
  };
  return buildPad(graph, get(op.getSource()), toSizes(op.getMixedLowPad()),
                  toSizes(op.getMixedHighPad()), get(number));
}

/// Puts `stride` - 1 zeros behind each element of a dimension.
static Value spread(GraphBuilder &graph, Value source, int64_t dim,
                    int64_t stride, Value zero) {
  if (!source || stride == 1)
    return source;
  SmallVector<Size> sizes = graph.getSizes(source);
  SmallVector<Size> low(sizes.size() + 1, Size(0)), high = low;
  high[dim + 1] = Size(stride - 1);
  Value padded =
      buildPad(graph, graph.unsqueeze(source, dim + 1), low, high, zero);
  sizes[dim] = multiply(graph, sizes[dim], stride);
  return graph.reshape(padded, sizes);
}

/// A slice of zeros that is inserted into: spread by its strides, then padded
/// or cut.
static Value insertIntoZeros(GraphBuilder &graph, tensor::InsertSliceOp op,
                             Value source, Value zero) {
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<Size> low, high;
  SmallVector<int64_t> axes, ends, shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t offset = op.getStaticOffsets()[dim];
    source = spread(graph, source, dim, op.getStaticStrides()[dim], zero);
    if (!source)
      return {};
    int64_t size = getTensorType(source).getDimSize(dim);
    // Only a whole dimension is dynamic.
    int64_t room =
        ShapedType::isDynamic(size) ? 0 : type.getDimSize(dim) - offset - size;
    low.push_back(offset);
    high.push_back(std::max<int64_t>(room, 0));
    if (room < 0) {
      axes.push_back(dim);
      ends.push_back(type.getDimSize(dim));
    }
  }
  Value padded = buildPad(graph, source, low, high, zero);
  SmallVector<int64_t> starts(axes.size(), 0), steps(axes.size(), 1);
  return graph.slice(padded, axes, graph.integers(starts), graph.integers(ends),
                     graph.integers(steps), type.getShape());
}

/// A slice that has all of every dimension but `axis`, between what is left of
/// the destination.
static Value insertAlong(GraphBuilder &graph, tensor::InsertSliceOp op,
                         int64_t axis, Value source, Value dest) {
  if (!source || !dest)
    return {};
  int64_t offset = op.getStaticOffsets()[axis];
  int64_t end = offset + op.getStaticSizes()[axis];
  int64_t size = getTensorType(dest).getDimSize(axis);
  auto part = [&](int64_t from, int64_t to) {
    SmallVector<int64_t> shape(getTensorType(dest).getShape());
    shape[axis] = to - from;
    return graph.slice(dest, axis, graph.integers(from), graph.integers(to),
                       graph.integers(int64_t(1)), shape);
  };
  SmallVector<Value> parts;
  if (offset > 0)
    parts.push_back(part(0, offset));
  parts.push_back(source);
  if (end < size)
    parts.push_back(part(end, size));
  return graph.concat(parts, axis);
}

Value Conversion::convertInsertSlice(tensor::InsertSliceOp op) {
  auto isKnown = [](int64_t number) { return !ShapedType::isDynamic(number); };
  if (!llvm::all_of(op.getStaticOffsets(), isKnown) ||
      !llvm::all_of(op.getStaticStrides(), isKnown))
    return fail(op, "its offsets or strides are not constant");
  SmallVector<int64_t> dropped;
  for (int dim : op.getDroppedDims().set_bits())
    dropped.push_back(dim);
  Value source = graph.unsqueeze(get(op.getSource()), dropped);
  auto fill = op.getDest().getDefiningOp<linalg::FillOp>();
  if (fill)
    return insertIntoZeros(graph, op, source, get(fill.getInputs()[0]));
  SmallVector<int64_t> partial;
  auto type = cast<RankedTensorType>(op.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t size = op.getStaticSizes()[dim];
    bool isWhole =
        op.getStaticOffsets()[dim] == 0 && size == type.getDimSize(dim);
    if (op.getStaticStrides()[dim] != 1)
      return fail(op, "it is strided, into a tensor that is not filled by a "
                      "constant");
    if (!isWhole)
      partial.push_back(dim);
  }
  if (partial.empty())
    return source;
  if (partial.size() > 1 || ShapedType::isDynamic(type.getDimSize(partial[0])))
    return fail(op, "it has only a part of " + Twine(partial.size()) +
                        " dimensions, expected one of constant size");
  return insertAlong(graph, op, partial[0], source, get(op.getDest()));
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

Value Conversion::convertConcat(tensor::ConcatOp op) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(get(input));
  return graph.concat(inputs, op.getDim());
}

Value Conversion::convertExtract(tensor::ExtractOp op) {
  Value source = get(op.getTensor());
  if (!source)
    return {};
  SmallVector<Size> indices;
  for (Value index : op.getIndices())
    indices.push_back(getSize(OpFoldResult(index)));
  Type type = RankedTensorType::get({}, getTensorType(source).getElementType());
  if (indices.empty())
    return source;
  return graph.node("GatherND", {source, graph.buildShape(indices)}, type);
}

Value Conversion::convertFromElements(tensor::FromElementsOp op) {
  SmallVector<Value> elements;
  for (Value element : op.getElements())
    elements.push_back(graph.unsqueeze(get(element), 0));
  Value list = graph.concat(elements, 0);
  return graph.reshape(
      list, llvm::map_to_vector(op.getType().getShape(),
                                [](int64_t size) { return Size(size); }));
}
