// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a chain of elementwise operations computes.

#include "pdq/Network/Layers/SymbolicExpression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

using Kind = Expression::Kind;

/// Operations between a tensor and the end of the chain.
static constexpr int maxDepth = 16;
/// Scalar operations between an argument of a payload and its result.
static constexpr int maxScalarDepth = 256;

bool Expression::isInOrder(RankedTensorType type) const {
  return tensor && tensor.getType() == type && indices == getOwnIndices(type);
}

namespace {
class ExpressionBuilder {
public:
  explicit ExpressionBuilder(const DataPath &path) : path(path) {}

  /// The expression of a scalar in the payload of `op`, whose result has the
  /// dimensions `indices`.
  ExpressionRef buildScalar(Value scalar, linalg::LinalgOp op,
                            const FactoredIndices &indices, int depth);

private:
  static ExpressionRef make(Kind kind,
                            std::vector<ExpressionRef> operands = {}) {
    auto node = std::make_shared<Expression>();
    node->kind = kind;
    node->readsData = kind == Kind::Data;
    node->hasRoot = kind == Kind::Sqrt || kind == Kind::Rsqrt;
    for (const ExpressionRef &operand : operands) {
      node->readsData |= operand->readsData;
      node->hasRoot |= operand->hasRoot;
    }
    node->operands = std::move(operands);
    return node;
  }
  /// Something that is not known, and may be data.
  static ExpressionRef makeUnknown() {
    ExpressionRef node = make(Kind::Other);
    node->readsData = true;
    return node;
  }
  static ExpressionRef makeConstant(double value) {
    ExpressionRef node = make(Kind::Constant);
    node->constant = value;
    return node;
  }
  ExpressionRef makeLeaf(Value value, const FactoredIndices &indices);
  ExpressionRef buildTensor(Value value, const FactoredIndices &indices,
                            int depth);
  ExpressionRef buildNewTensor(Value value, const FactoredIndices &indices,
                               int depth);
  ExpressionRef buildArgument(OpOperand &operand, linalg::LinalgOp op,
                              const FactoredIndices &indices, int depth);
  ExpressionRef buildOperation(Operation *scalarOp, linalg::LinalgOp op,
                               const FactoredIndices &indices, int depth);
  ExpressionRef *find(Value value, const FactoredIndices &indices);

  const DataPath &path;
  /// A tensor may be read in several orders.
  using Known = SmallVector<std::pair<FactoredIndices, ExpressionRef>, 1>;
  DenseMap<Value, Known> known;
  int scalarDepth = 0;
};
} // namespace

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

ExpressionRef ExpressionBuilder::makeLeaf(Value value,
                                          const FactoredIndices &indices) {
  ExpressionRef leaf =
      make(path.contains(value) ? Kind::Data : Kind::Parameter);
  leaf->tensor = value;
  leaf->indices = indices;
  if (leaf->kind == Kind::Parameter)
    leaf->constant = getSplat(value);
  return leaf;
}

ExpressionRef *ExpressionBuilder::find(Value value,
                                       const FactoredIndices &indices) {
  for (auto &[read, node] : known[value])
    if (read == indices)
      return &node;
  return nullptr;
}

ExpressionRef ExpressionBuilder::buildTensor(Value value,
                                             const FactoredIndices &indices,
                                             int depth) {
  if (ExpressionRef *node = find(value, indices))
    return *node;
  ExpressionRef node = buildNewTensor(value, indices, depth);
  known[value].push_back({indices, node});
  return node;
}

ExpressionRef ExpressionBuilder::buildNewTensor(Value value,
                                                const FactoredIndices &indices,
                                                int depth) {
  Operation *op = value.getDefiningOp();
  if (depth >= maxDepth || getSplat(value))
    return makeLeaf(value, indices);
  // Views of parameters only: a view of data stays the input of what reads it.
  if (!path.contains(value))
    if (auto source = getSourceIndices(op))
      if (auto read = substitute(*source, indices))
        return buildTensor(op->getOperand(0), *read, depth + 1);
  if (!isElementwise(op))
    return makeLeaf(value, indices);
  auto structured = cast<linalg::LinalgOp>(op);
  ExpressionRef result =
      buildScalar(structured.getBlock()->getTerminator()->getOperand(0),
                  structured, indices, depth);
  bool hasTensor = static_cast<bool>(result->tensor);
  // A payload that only passes an operand on keeps the operand's tensor, unless
  // it is one of another type: a conversion.
  if (result->kind == Kind::Other ||
      (hasTensor &&
       getElementTypeOrSelf(result->tensor) != getElementTypeOrSelf(value)))
    return makeLeaf(value, indices);
  if (!hasTensor) {
    result->tensor = value;
    result->indices = indices;
  }
  return result;
}

/// The expression of an argument of the payload of `op`.
ExpressionRef ExpressionBuilder::buildArgument(OpOperand &operand,
                                               linalg::LinalgOp op,
                                               const FactoredIndices &indices,
                                               int depth) {
  auto read = getOperandIndices(op, operand);
  if (read)
    read = substitute(*read, indices);
  if (read)
    return buildTensor(operand.get(), *read, depth + 1);
  FloatAttr constant;
  if (matchPattern(operand.get(), m_Constant(&constant)))
    return makeConstant(constant.getValueAsDouble());
  return makeUnknown();
}

ExpressionRef ExpressionBuilder::buildScalar(Value scalar, linalg::LinalgOp op,
                                             const FactoredIndices &indices,
                                             int depth) {
  FloatAttr constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return makeConstant(constant.getValueAsDouble());
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (argument && argument.getOwner() == op.getBlock())
    return buildArgument(op->getOpOperand(argument.getArgNumber()), op, indices,
                         depth);
  if (argument || scalarDepth >= maxScalarDepth)
    return makeUnknown();
  if (ExpressionRef *node = find(scalar, indices))
    return *node;
  ++scalarDepth;
  ExpressionRef node =
      buildOperation(scalar.getDefiningOp(), op, indices, depth);
  --scalarDepth;
  known[scalar].push_back({indices, node});
  return node;
}

/// The expression of an operation of the payload of `op`.
ExpressionRef ExpressionBuilder::buildOperation(Operation *scalarOp,
                                                linalg::LinalgOp op,
                                                const FactoredIndices &indices,
                                                int depth) {
  if (!isa<arith::ArithDialect, math::MathDialect>(scalarOp->getDialect()))
    return makeUnknown();
  std::vector<ExpressionRef> operands;
  for (Value operand : scalarOp->getOperands())
    operands.push_back(buildScalar(operand, op, indices, depth));
  // Data that is rounded on the way is another input.
  if (isa<arith::ExtFOp, arith::TruncFOp>(scalarOp) && !operands[0]->readsData)
    return operands[0];
  if (isa<math::PowFOp>(scalarOp)) {
    if (operands[1]->constant == 0.5)
      return make(Kind::Sqrt, {operands[0]});
    if (operands[1]->constant == -0.5)
      return make(Kind::Rsqrt, {operands[0]});
  }
  Kind kind = llvm::TypeSwitch<Operation *, Kind>(scalarOp)
                  .Case([](arith::AddFOp) { return Kind::Add; })
                  .Case([](arith::SubFOp) { return Kind::Sub; })
                  .Case([](arith::MulFOp) { return Kind::Mul; })
                  .Case([](arith::DivFOp) { return Kind::Div; })
                  .Case([](math::RsqrtOp) { return Kind::Rsqrt; })
                  .Case([](math::SqrtOp) { return Kind::Sqrt; })
                  .Default([](Operation *) { return Kind::Other; });
  return make(kind, std::move(operands));
}

ExpressionRef mlir::pdq::buildExpression(linalg::LinalgOp op,
                                         const DataPath &path) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return ExpressionBuilder(path).buildScalar(
      op.getBlock()->getTerminator()->getOperand(0), op, getOwnIndices(type),
      0);
}
