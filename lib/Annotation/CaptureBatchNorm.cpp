// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds batch norms in what frontends make of them and keeps their statistics.

#include "Structure.h"
#include "SymbolicExpression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CAPTUREBATCHNORM
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

using Kind = Expression::Kind;

namespace {
/// (input - mean) / sqrt(variance + epsilon) * gamma + beta; gamma and beta may
/// be missing.
struct BatchNormMatch {
  Value input, mean, variance, gamma, beta;
  double epsilon = 0;
  int64_t axis = 0;
  Operation *op = nullptr;

  int getNumParameters() const { return (gamma ? 1 : 0) + (beta ? 1 : 0); }
};
} // namespace

/// A factor of a product; inverted where it is divided by.
using Factor = std::pair<ExpressionRef, bool>;

/// More factors than any normalization has: a product of many is none.
static constexpr size_t maxFactors = 16;

static void collectFactors(const ExpressionRef &expression, bool inverted,
                           SmallVectorImpl<Factor> &factors) {
  if (factors.size() > maxFactors)
    return;
  if (expression->kind == Kind::Mul || expression->kind == Kind::Div) {
    bool divides = expression->kind == Kind::Div;
    collectFactors(expression->operands[0], inverted, factors);
    collectFactors(expression->operands[1], inverted != divides, factors);
    return;
  }
  if (expression->kind != Kind::Constant || expression->constant != 1.0)
    factors.push_back({expression, inverted});
}

/// Matches a parameter plus a constant, in either order: variance + epsilon.
static bool matchVariance(const ExpressionRef &sum, BatchNormMatch &match) {
  if (sum->kind != Kind::Add)
    return false;
  for (int i : {0, 1}) {
    const ExpressionRef &variance = sum->operands[i];
    const ExpressionRef &epsilon = sum->operands[1 - i];
    if (variance->kind != Kind::Parameter || epsilon->kind != Kind::Constant)
      continue;
    match.variance = variance->tensor;
    match.epsilon = epsilon->constant;
    return match.epsilon > 0 && match.epsilon < 0.1;
  }
  return false;
}

/// Matches one factor; each kind may occur once.
static bool matchFactor(const Factor &factor, BatchNormMatch &match) {
  const auto &[expression, inverted] = factor;
  if (expression->readsData) {
    if (inverted || match.input || expression->kind != Kind::Sub ||
        !expression->operands[0]->readsData ||
        !expression->operands[0]->tensor ||
        expression->operands[1]->kind != Kind::Parameter)
      return false;
    match.input = expression->operands[0]->tensor;
    match.mean = expression->operands[1]->tensor;
    return true;
  }
  if (expression->kind == Kind::Parameter) {
    if (inverted || match.gamma)
      return false;
    match.gamma = expression->tensor;
    return true;
  }
  bool deviation = expression->kind == (inverted ? Kind::Sqrt : Kind::Rsqrt);
  return deviation && !match.variance &&
         matchVariance(expression->operands[0], match);
}

static std::optional<BatchNormMatch> matchExpression(ExpressionRef expression) {
  BatchNormMatch match;
  if (expression->kind == Kind::Add)
    for (int i : {0, 1})
      if (expression->operands[i]->kind == Kind::Parameter &&
          expression->operands[1 - i]->readsData) {
        match.beta = expression->operands[i]->tensor;
        expression = expression->operands[1 - i];
        break;
      }
  SmallVector<Factor> factors;
  collectFactors(expression, false, factors);
  if (factors.size() > maxFactors)
    return std::nullopt;
  for (const Factor &factor : factors)
    if (!matchFactor(factor, match))
      return std::nullopt;
  if (!match.input || !match.variance)
    return std::nullopt;
  return match;
}

/// Matches an operation whose channels are dimension 1 or the last one.
static std::optional<BatchNormMatch> matchBatchNorm(Operation *op) {
  if (!isElementwise(op))
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getRank() < 2)
    return std::nullopt;
  for (int64_t axis : {int64_t(1), type.getRank() - 1}) {
    if (type.isDynamicDim(axis))
      continue;
    auto match =
        matchExpression(buildExpression(cast<linalg::LinalgOp>(op), axis));
    if (!match || match->input.getType() != type)
      continue;
    match->axis = axis;
    match->op = op;
    return match;
  }
  return std::nullopt;
}

namespace {
struct CaptureBatchNorm : pdq::impl::CaptureBatchNormBase<CaptureBatchNorm> {
  using Base::Base;

  void runOnOperation() override {
    // Every prefix of the chain matches; the one with most parameters is it.
    llvm::MapVector<std::pair<Value, Value>, BatchNormMatch> best;
    getOperation()->walk([&](linalg::LinalgOp op) {
      std::optional<BatchNormMatch> match = matchBatchNorm(op);
      if (!match)
        return;
      auto [known, isNew] = best.insert({{match->input, match->mean}, *match});
      if (!isNew &&
          known->second.getNumParameters() < match->getNumParameters())
        known->second = *match;
    });
    for (auto &[key, match] : best)
      replace(match);
    numCaptured = best.size();
    if (best.empty() && !isCaptured())
      getOperation()->emitRemark("network has no batch norm with statistics: "
                                 "distribution correction is off");
  }

private:
  /// Whether this or a later pass has seen the network before.
  bool isCaptured() {
    auto result = getOperation()->walk([](Operation *op) {
      return isa<BatchNormOp, RegionOp>(op) ? WalkResult::interrupt()
                                            : WalkResult::advance();
    });
    return result.wasInterrupted();
  }
  void replace(const BatchNormMatch &match);
};
} // namespace

/// A parameter with shape [C]; ones or zeros where there is none.
static Value buildParameter(OpBuilder &builder, Location loc, Value parameter,
                            RankedTensorType type, double missing) {
  if (!parameter)
    return arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(
            type, builder.getFloatAttr(type.getElementType(), missing)));
  auto found = cast<RankedTensorType>(parameter.getType());
  if (found.getRank() == 1)
    return parameter;
  auto group = llvm::to_vector<2>(llvm::seq<int64_t>(found.getRank()));
  return tensor::CollapseShapeOp::create(
      builder, loc, type, parameter, SmallVector<ReassociationIndices>{group});
}

void CaptureBatchNorm::replace(const BatchNormMatch &match) {
  OpBuilder builder(match.op);
  Location loc = match.op->getLoc();
  auto input = cast<RankedTensorType>(match.input.getType());
  auto type = RankedTensorType::get({input.getDimSize(match.axis)},
                                    input.getElementType());
  auto parameter = [&](Value value, double missing) {
    return buildParameter(builder, loc, value, type, missing);
  };
  Value norm = BatchNormOp::create(
      builder, loc, input, match.input, parameter(match.mean, 0),
      parameter(match.variance, 1), parameter(match.gamma, 1),
      parameter(match.beta, 0), builder.getI64IntegerAttr(match.axis),
      builder.getF64FloatAttr(match.epsilon));
  match.op->getResult(0).replaceAllUsesWith(norm);
}
