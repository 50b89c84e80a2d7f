// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that only move the elements of constant tensors.

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "pdq/Network/Constants/ConstantEvaluator.h"

using namespace mlir;
using namespace mlir::pdq;

using Tensor = std::optional<ConstantTensor>;
using Indices = SmallVector<int64_t>;

/// Offsets or sizes that are known.
static std::optional<Indices> evaluateIndices(ConstantEvaluator &evaluator,
                                              ArrayRef<OpFoldResult> values) {
  Indices indices;
  for (OpFoldResult value : values) {
    std::optional<int64_t> index = getConstantIntValue(value);
    if (!index)
      if (auto scalar = evaluator.evaluateScalar(cast<Value>(value)))
        index = scalar->integer;
    if (!index)
      return std::nullopt;
    indices.push_back(*index);
  }
  return indices;
}

namespace {
/// A box of a tensor: element i of it is element offset + i * stride.
struct Box {
  Indices offsets, sizes, strides;

  /// Whether it lies in a tensor of this shape.
  bool isInside(ArrayRef<int64_t> shape) const {
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      int64_t last = offsets[dim] + (sizes[dim] - 1) * strides[dim];
      if (sizes[dim] > 0 && (offsets[dim] < 0 || last < 0 ||
                             std::max(offsets[dim], last) >= shape[dim]))
        return false;
    }
    return true;
  }
};
} // namespace

/// Calls `visit(offset, i)` for element i of a box.
template <typename Fn>
static void forEachInBox(const Box &box, ArrayRef<int64_t> shape, Fn visit) {
  Indices position(shape.size(), 0), whole = computeStrides(shape);
  int64_t count = ShapedType::getNumElements(box.sizes);
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      offset +=
          (box.offsets[dim] + position[dim] * box.strides[dim]) * whole[dim];
    visit(offset, i);
    advance(position, box.sizes);
  }
}

/// Puts `source` into a box of `target`; nothing where it does not fit.
static Tensor insert(const ConstantTensor &source, ConstantTensor target,
                     const Box &box) {
  if (!box.isInside(target.getShape()) ||
      ShapedType::getNumElements(box.sizes) !=
          static_cast<int64_t>(source.getElements().size()))
    return std::nullopt;
  MutableArrayRef<Scalar> elements = target.getMutableElements();
  forEachInBox(box, target.getShape(), [&](int64_t offset, int64_t i) {
    elements[offset] = source.getElements()[i];
  });
  return target;
}

static std::optional<Box> evaluateBox(ConstantEvaluator &evaluator,
                                      OffsetSizeAndStrideOpInterface op) {
  auto offsets = evaluateIndices(evaluator, op.getMixedOffsets());
  auto sizes = evaluateIndices(evaluator, op.getMixedSizes());
  auto strides = evaluateIndices(evaluator, op.getMixedStrides());
  if (!offsets || !sizes || !strides)
    return std::nullopt;
  return Box{*offsets, *sizes, *strides};
}

Tensor ConstantEvaluator::computeSlice(Operation *op) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  Tensor source = evaluate(slice.getSource());
  auto box = evaluateBox(*this, slice);
  if (!source || !box || !box->isInside(source->getShape()) ||
      ShapedType::getNumElements(box->sizes) !=
          slice.getType().getNumElements())
    return std::nullopt;
  ConstantTensor result(slice.getType());
  MutableArrayRef<Scalar> elements = result.getMutableElements();
  forEachInBox(*box, source->getShape(), [&](int64_t offset, int64_t i) {
    elements[i] = source->getElements()[offset];
  });
  return result;
}

Tensor ConstantEvaluator::computeInsertion(Operation *op) {
  auto insertion = cast<tensor::InsertSliceOp>(op);
  Tensor source = evaluate(insertion.getSource());
  Tensor target = evaluate(insertion.getDest());
  auto box = evaluateBox(*this, insertion);
  return source && target && box ? insert(*source, *target, *box)
                                 : std::nullopt;
}

Tensor ConstantEvaluator::computePad(Operation *op) {
  auto pad = cast<tensor::PadOp>(op);
  Tensor source = evaluate(pad.getSource());
  auto low = evaluateIndices(*this, pad.getMixedLowPad());
  Value padding = pad.getConstantPaddingValue();
  auto value = padding ? evaluateScalar(padding) : std::nullopt;
  if (!source || !low || !value)
    return std::nullopt;
  ConstantTensor result(pad.getResultType());
  llvm::fill(result.getMutableElements(), *value);
  return insert(
      *source, result,
      Box{*low, Indices(source->getShape()), Indices(low->size(), 1)});
}

Tensor ConstantEvaluator::computeConcat(Operation *op) {
  auto concat = cast<tensor::ConcatOp>(op);
  Tensor result =
      ConstantTensor(cast<RankedTensorType>(concat.getResult().getType()));
  Indices offsets(result->getType().getRank(), 0);
  for (Value input : concat.getInputs()) {
    Tensor source = evaluate(input);
    if (!source)
      return std::nullopt;
    result = insert(
        *source, *result,
        Box{offsets, Indices(source->getShape()), Indices(offsets.size(), 1)});
    if (!result)
      return std::nullopt;
    offsets[concat.getDim()] += source->getShape()[concat.getDim()];
  }
  return result;
}

Tensor ConstantEvaluator::computeFromScalars(Operation *op) {
  ConstantTensor result(cast<RankedTensorType>(op->getResult(0).getType()));
  MutableArrayRef<Scalar> elements = result.getMutableElements();
  bool isSplat = isa<tensor::SplatOp>(op);
  for (size_t i = 0; i < elements.size(); ++i) {
    auto scalar = evaluateScalar(op->getOperand(isSplat ? 0 : i));
    if (!scalar)
      return std::nullopt;
    elements[i] = *scalar;
  }
  return result;
}
