// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of a network are.

#include "pdq/Network/Layers/Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::pdq;

bool mlir::pdq::isElementwise(Operation *op) {
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (!structured || op->getNumResults() != 1 ||
      isa<linalg::FillOp, linalg::TransposeOp, linalg::BroadcastOp>(op) ||
      structured.getNumReductionLoops() != 0 ||
      !structured.hasPureTensorSemantics() || structured.hasIndexSemantics())
    return false;
  OpOperand *init = structured.getDpsInitOperand(0);
  if (structured.payloadUsesValueFromOperand(init) ||
      !structured.getMatchingIndexingMap(init).isIdentity())
    return false;
  auto isPlain = [](AffineExpr expr) {
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  };
  auto readsInOrder = [&](OpOperand *operand) {
    return llvm::all_of(structured.getMatchingIndexingMap(operand).getResults(),
                        isPlain);
  };
  return llvm::all_of(structured.getDpsInputOperands(), readsInOrder);
}

/// Whether `op` only copies the elements of its one operand, each as often as
/// it is read.
static bool isCopy(Operation *op) {
  auto copy = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (!copy || op->getNumResults() != 1 || copy.getNumDpsInputs() != 1 ||
      copy.getNumReductionLoops() != 0 || !copy.hasPureTensorSemantics() ||
      !isa<RankedTensorType>(copy.getDpsInputOperand(0)->get().getType()))
    return false;
  Block *block = copy.getBlock();
  return llvm::hasSingleElement(*block) &&
         block->getTerminator()->getOperand(0) == block->getArgument(0) &&
         copy.getMatchingIndexingMap(copy.getDpsInitOperand(0)).isPermutation();
}

bool mlir::pdq::isBroadcast(Operation *op) {
  if (!isCopy(op))
    return false;
  auto copy = cast<linalg::LinalgOp>(op);
  OpOperand *source = copy.getDpsInputOperand(0);
  ArrayRef<int64_t> shape = copy.getShape(source);
  auto isPlain = [](auto dim) {
    auto [size, expr] = dim;
    return size == 1 || isa<AffineDimExpr>(expr);
  };
  return llvm::all_of(
      llvm::zip_equal(shape, copy.getMatchingIndexingMap(source).getResults()),
      isPlain);
}

SetVector<Value> mlir::pdq::getReadValues(Operation *op) {
  SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

bool mlir::pdq::isView(Operation *op) {
  if (isa_and_nonnull<tensor::CastOp, tensor::CollapseShapeOp,
                      tensor::ExpandShapeOp, linalg::TransposeOp>(op))
    return true;
  // Frontends write transposes as generic copies too.
  if (!isa_and_nonnull<linalg::GenericOp>(op) || !isCopy(op))
    return false;
  auto copy = cast<linalg::LinalgOp>(op);
  return copy.getMatchingIndexingMap(copy.getDpsInputOperand(0))
      .isPermutation();
}

Value mlir::pdq::getViewSource(Operation *view) { return view->getOperand(0); }

unsigned mlir::pdq::countBounds(Operation *op) {
  if (!isElementwise(op))
    return 0;
  return llvm::count_if(
      *cast<linalg::LinalgOp>(op).getBlock(), [](Operation &scalar) {
        return isa<arith::SelectOp, arith::MaximumFOp, arith::MinimumFOp,
                   arith::MaxNumFOp, arith::MinNumFOp>(scalar);
      });
}

bool mlir::pdq::isMultiplyAccumulate(Operation *operation) {
  auto op = dyn_cast_or_null<linalg::LinalgOp>(operation);
  if (!op || op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op->getNumResults() != 1 || op.getNumReductionLoops() == 0)
    return false;
  Block &block = *op.getBlock();
  auto sum =
      block.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  for (int i : {0, 1}) {
    auto product = sum->getOperand(i).getDefiningOp<arith::MulFOp>();
    if (!product || sum->getOperand(1 - i) != block.getArgument(2))
      continue;
    Value a = product.getLhs(), b = product.getRhs();
    if (a == block.getArgument(1))
      std::swap(a, b);
    return a == block.getArgument(0) && b == block.getArgument(1);
  }
  return false;
}

/// The constant that a value renames through views; null where there is none.
static Value findConstant(Value value) {
  while (isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  return matchPattern(value, m_Constant()) ||
                 value.getDefiningOp<arith::ConstantOp>()
             ? value
             : Value();
}

bool mlir::pdq::isConstantBehindViews(Value value) {
  return static_cast<bool>(findConstant(value));
}

bool mlir::pdq::isLayer(Operation *op) {
  // A depthwise convolution reduces over its window only; a product of two data
  // tensors is no layer.
  return isMultiplyAccumulate(op) && findConstant(op->getOperand(1)) &&
         !findConstant(op->getOperand(0));
}

//===----------------------------------------------------------------------===//
// Data path
//===----------------------------------------------------------------------===//

DataPath::DataPath(Block &block) {
  values.insert(block.args_begin(), block.args_end());
  for (Operation &op : block.without_terminator()) {
    SetVector<Value> read(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), read);
    if (llvm::none_of(read, [&](Value v) { return values.contains(v); }))
      continue;
    operations.push_back(&op);
    values.insert(op.result_begin(), op.result_end());
  }
}

SmallVector<Value> DataPath::getDataOperands(Operation *op) const {
  SetVector<Value> operands;
  for (Value operand : op->getOperands())
    if (contains(operand))
      operands.insert(operand);
  return operands.takeVector();
}
