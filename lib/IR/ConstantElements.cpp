// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends compute positions (of an interpolation, of a flipped filter) by
// tensors of integers and by loop indices; here they become numbers.

#include "pdq/IR/ConstantElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
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

Attribute ConstantElements::computeElement(Value tensor,
                                           ArrayRef<int64_t> indices) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensor.getType()).getShape();
  DenseElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)))
    return constant
        .getValues<Attribute>()[linearize(indices, computeStrides(shape))];
  Operation *def = tensor.getDefiningOp();
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(def)) {
    auto source = cast<RankedTensorType>(def->getOperand(0).getType());
    if (!source.hasStaticShape())
      return Attribute();
    return getElement(def->getOperand(0),
                      delinearize(linearize(indices, computeStrides(shape)),
                                  computeStrides(source.getShape())));
  }
  auto op = dyn_cast_or_null<linalg::LinalgOp>(def);
  if (!op || def->getNumResults() != 1 || op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return Attribute();
  return getScalar(op.getBlock()->getTerminator()->getOperand(0), op, indices);
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
  } else if (!matchPattern(scalar, m_Constant(&result)) &&
             def->getNumResults() == 1 && depth < maxDepth) {
    SmallVector<Attribute> operands;
    ++depth;
    for (Value operand : def->getOperands())
      operands.push_back(compute(operand, op, position, scalars));
    --depth;
    SmallVector<OpFoldResult> folded;
    if (llvm::all_of(operands, [](Attribute a) { return bool(a); }) &&
        succeeded(def->fold(operands, folded)) && folded.size() == 1)
      result = isa<Attribute>(folded[0])
                   ? cast<Attribute>(folded[0])
                   : compute(cast<Value>(folded[0]), op, position, scalars);
  }
  return scalars[scalar] = result;
}
