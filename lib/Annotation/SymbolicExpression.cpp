// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a chain of elementwise operations computes.

#include "SymbolicExpression.h"
#include "Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

using Kind = Expression::Kind;

/// Operations between a tensor and the end of the chain.
static constexpr int maxDepth = 16;

namespace {
class ExpressionBuilder {
public:
  ExpressionBuilder(RankedTensorType type, int64_t axis)
      : axis(axis), rank(type.getRank()), channels(type.getDimSize(axis)) {}

  ExpressionRef buildTensor(Value value, int depth);
  ExpressionRef buildScalar(Value scalar, linalg::LinalgOp op, int depth);

private:
  static ExpressionRef make(Kind kind,
                            std::vector<ExpressionRef> operands = {}) {
    auto node = std::make_shared<Expression>();
    node->kind = kind;
    node->readsData = kind == Kind::Data || kind == Kind::Other ||
                      llvm::any_of(operands, [](const ExpressionRef &operand) {
                        return operand->readsData;
                      });
    node->operands = std::move(operands);
    return node;
  }
  static ExpressionRef makeConstant(double value) {
    ExpressionRef node = make(Kind::Constant);
    node->constant = value;
    return node;
  }
  ExpressionRef makeLeaf(Value value);
  ExpressionRef buildNewTensor(Value value, int depth);
  ExpressionRef buildOperation(Operation *scalarOp, linalg::LinalgOp op,
                               int depth);
  bool isAlongOtherAxis(linalg::LinalgOp op, OpOperand &operand) const;
  bool isPerChannel(Value value) const {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape() && type.getNumElements() == channels;
  }

  int64_t axis, rank, channels;
  DenseMap<Value, ExpressionRef> known;
};
} // namespace

/// Whether an operand with one element per channel is read along another
/// dimension of the same size.
bool ExpressionBuilder::isAlongOtherAxis(linalg::LinalgOp op,
                                         OpOperand &operand) const {
  auto type = cast<RankedTensorType>(operand.get().getType());
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!isPerChannel(operand.get()) || channels == 1 ||
      static_cast<int64_t>(result.getNumResults()) != rank)
    return false;
  for (auto [dim, expr] :
       llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
    if (type.getDimSize(dim) != 1)
      return expr != result.getResult(axis);
  return false;
}

/// The value of a tensor whose elements are all equal.
static std::optional<double> getSplat(Value value) {
  DenseFPElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements)) && elements.isSplat())
    return elements.getSplatValue<APFloat>().convertToDouble();
  FloatAttr filled;
  auto fill = value.getDefiningOp<linalg::FillOp>();
  if (fill && matchPattern(fill.getInputs()[0], m_Constant(&filled)))
    return filled.getValueAsDouble();
  return std::nullopt;
}

ExpressionRef ExpressionBuilder::makeLeaf(Value value) {
  ExpressionRef leaf = make(isPerChannel(value) ? Kind::Parameter : Kind::Data);
  while (isPerChannel(value) && isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  leaf->tensor = value;
  return leaf;
}

ExpressionRef ExpressionBuilder::buildTensor(Value value, int depth) {
  ExpressionRef node = known.lookup(value);
  if (!node)
    known[value] = node = buildNewTensor(value, depth);
  return node;
}

ExpressionRef ExpressionBuilder::buildNewTensor(Value value, int depth) {
  auto type = cast<RankedTensorType>(value.getType());
  std::optional<double> splat = getSplat(value);
  if (splat && (type.getRank() == 0 || type.getNumElements() != channels))
    return makeConstant(*splat);
  Operation *op = value.getDefiningOp();
  if (depth < maxDepth && isElementwise(op)) {
    auto structured = cast<linalg::LinalgOp>(op);
    ExpressionRef result =
        buildScalar(structured.getBlock()->getTerminator()->getOperand(0),
                    structured, depth);
    if (result->kind != Kind::Other) {
      // A payload that only passes an operand on keeps the operand's tensor.
      if (!result->tensor)
        result->tensor = value;
      return result;
    }
  }
  if (depth < maxDepth && isView(op) && isPerChannel(value))
    return buildTensor(getViewSource(op), depth + 1);
  return makeLeaf(value);
}

/// The expression of a scalar inside the payload of `op`.
ExpressionRef ExpressionBuilder::buildScalar(Value scalar, linalg::LinalgOp op,
                                             int depth) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (argument && argument.getOwner() == op.getBlock()) {
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    return isAlongOtherAxis(op, operand)
               ? make(Kind::Other)
               : buildTensor(operand.get(), depth + 1);
  }
  FloatAttr constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return makeConstant(constant.getValueAsDouble());
  if (ExpressionRef node = known.lookup(scalar))
    return node;
  ExpressionRef node = buildOperation(scalar.getDefiningOp(), op, depth);
  known[scalar] = node;
  return node;
}

/// The expression of an operation of the payload of `op`.
ExpressionRef ExpressionBuilder::buildOperation(Operation *scalarOp,
                                                linalg::LinalgOp op,
                                                int depth) {
  if (!scalarOp)
    return make(Kind::Other);
  auto operand = [&](unsigned i) {
    return buildScalar(scalarOp->getOperand(i), op, depth);
  };
  if (isa<arith::ExtFOp, arith::TruncFOp>(scalarOp))
    return operand(0);
  if (isa<arith::AddFOp>(scalarOp))
    return make(Kind::Add, {operand(0), operand(1)});
  if (isa<arith::SubFOp>(scalarOp))
    return make(Kind::Sub, {operand(0), operand(1)});
  if (isa<arith::MulFOp>(scalarOp))
    return make(Kind::Mul, {operand(0), operand(1)});
  if (isa<arith::DivFOp>(scalarOp))
    return make(Kind::Div, {operand(0), operand(1)});
  if (isa<math::RsqrtOp>(scalarOp))
    return make(Kind::Rsqrt, {operand(0)});
  if (isa<math::SqrtOp>(scalarOp))
    return make(Kind::Sqrt, {operand(0)});
  if (isa<math::PowFOp>(scalarOp)) {
    ExpressionRef exponent = operand(1);
    if (exponent->kind == Kind::Constant && exponent->constant == 0.5)
      return make(Kind::Sqrt, {operand(0)});
    if (exponent->kind == Kind::Constant && exponent->constant == -0.5)
      return make(Kind::Rsqrt, {operand(0)});
  }
  return make(Kind::Other);
}

ExpressionRef mlir::pdq::buildExpression(linalg::LinalgOp op, int64_t axis) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return ExpressionBuilder(type, axis)
      .buildScalar(op.getBlock()->getTerminator()->getOperand(0), op, 0);
}
