// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds batch norms in what frontends make of them and keeps their statistics.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Layers/Structure.h"
#include "pdq/Network/Layers/SymbolicExpression.h"

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
  /// Operations that compute it, `op` included.
  SmallPtrSet<Operation *, 8> chain;
};

/// Matches an expression as a batch norm whose channels are dimension `axis`.
class BatchNormMatcher {
public:
  BatchNormMatcher(RankedTensorType type, int64_t axis)
      : type(type), channel(axis, type.getDimSize(axis)) {
    match.axis = axis;
  }
  std::optional<BatchNormMatch> run(ExpressionRef expression);

private:
  /// A factor of a product; inverted where it is divided by.
  using Factor = std::pair<ExpressionRef, bool>;

  bool isParameter(const ExpressionRef &expression) const;
  void collectFactors(const ExpressionRef &expression, bool inverted,
                      SmallVectorImpl<Factor> &factors) const;
  bool matchVariance(const ExpressionRef &sum);
  bool matchDifference(const ExpressionRef &difference);
  bool matchFactor(const Factor &factor);
  bool matchNorm(ExpressionRef expression);
  bool matchInput(SmallVectorImpl<Factor> &factors);
  bool matchOffset(const ExpressionRef &offset, ArrayRef<Factor> scale);
  bool matchAffine(const ExpressionRef &expression);

  RankedTensorType type;
  FactoredIndex channel;
  BatchNormMatch match;
};
} // namespace

/// More factors than any normalization has: a product of many is none.
static constexpr size_t maxFactors = 16;

/// Whether an expression is a tensor with one element per channel that does not
/// depend on data, however it is computed.
bool BatchNormMatcher::isParameter(const ExpressionRef &expression) const {
  return !expression->readsData && expression->tensor &&
         getElementTypeOrSelf(expression->tensor) == type.getElementType() &&
         linearize(expression->indices) == channel &&
         cast<RankedTensorType>(expression->tensor.getType())
                 .getNumElements() == channel.getSize();
}

void BatchNormMatcher::collectFactors(const ExpressionRef &expression,
                                      bool inverted,
                                      SmallVectorImpl<Factor> &factors) const {
  if (factors.size() > maxFactors)
    return;
  bool isWhole = isParameter(expression) && !expression->hasRoot && !inverted;
  bool isProduct =
      expression->kind == Kind::Mul || expression->kind == Kind::Div;
  if (isProduct && !isWhole) {
    bool divides = expression->kind == Kind::Div;
    collectFactors(expression->operands[0], inverted, factors);
    collectFactors(expression->operands[1], inverted != divides, factors);
    return;
  }
  if (expression->constant != 1.0)
    factors.push_back({expression, inverted});
}

/// Matches a parameter plus a constant, in either order: variance + epsilon.
bool BatchNormMatcher::matchVariance(const ExpressionRef &sum) {
  if (sum->kind != Kind::Add)
    return false;
  for (int i : {0, 1}) {
    const ExpressionRef &variance = sum->operands[i];
    std::optional<double> epsilon = sum->operands[1 - i]->constant;
    if (!isParameter(variance) || !epsilon || *epsilon <= 0 || *epsilon >= 0.1)
      continue;
    match.variance = variance->tensor;
    match.epsilon = *epsilon;
    return true;
  }
  return false;
}

/// Matches input - mean.
bool BatchNormMatcher::matchDifference(const ExpressionRef &difference) {
  if (match.input || difference->kind != Kind::Sub)
    return false;
  const ExpressionRef &input = difference->operands[0];
  const ExpressionRef &mean = difference->operands[1];
  if (!input->readsData || !input->isInOrder(type) || !isParameter(mean))
    return false;
  match.input = input->tensor;
  match.mean = mean->tensor;
  return true;
}

/// Matches one factor; each kind may occur once.
bool BatchNormMatcher::matchFactor(const Factor &factor) {
  const auto &[expression, inverted] = factor;
  if (expression->readsData)
    return !inverted && matchDifference(expression);
  if (expression->kind == (inverted ? Kind::Sqrt : Kind::Rsqrt))
    return !match.variance && matchVariance(expression->operands[0]);
  if (inverted || match.gamma || !isParameter(expression))
    return false;
  match.gamma = expression->tensor;
  return true;
}

bool BatchNormMatcher::matchNorm(ExpressionRef expression) {
  if (expression->kind == Kind::Add)
    for (int i : {0, 1})
      if (isParameter(expression->operands[i]) &&
          expression->operands[1 - i]->readsData) {
        match.beta = expression->operands[i]->tensor;
        expression = expression->operands[1 - i];
        break;
      }
  SmallVector<Factor> factors;
  collectFactors(expression, false, factors);
  return factors.size() <= maxFactors &&
         llvm::all_of(factors, [&](const Factor &f) { return matchFactor(f); });
}

//===----------------------------------------------------------------------===//
// Norms that are written as scale and offset
//===----------------------------------------------------------------------===//

/// Whether two expressions that do not depend on data are the same computation
/// of the same elements.
static bool isSame(const ExpressionRef &lhs, const ExpressionRef &rhs) {
  if (lhs == rhs)
    return true;
  if (lhs->constant || rhs->constant)
    return lhs->constant == rhs->constant;
  if (lhs->tensor && lhs->tensor == rhs->tensor &&
      linearize(lhs->indices) == linearize(rhs->indices))
    return true;
  return lhs->kind == rhs->kind && !lhs->operands.empty() &&
         lhs->operands.size() == rhs->operands.size() &&
         llvm::all_of(llvm::zip(lhs->operands, rhs->operands), [](auto pair) {
           return isSame(std::get<0>(pair), std::get<1>(pair));
         });
}

/// Takes the one factor that is data, the norm's input, out of `factors`.
bool BatchNormMatcher::matchInput(SmallVectorImpl<Factor> &factors) {
  auto readsData = [](const Factor &f) { return f.first->readsData; };
  auto *found = llvm::find_if(factors, readsData);
  if (found == factors.end() || found->second ||
      !found->first->isInOrder(type) || llvm::count_if(factors, readsData) != 1)
    return false;
  match.input = found->first->tensor;
  factors.erase(found);
  return true;
}

/// Matches beta - mean * scale.
bool BatchNormMatcher::matchOffset(const ExpressionRef &offset,
                                   ArrayRef<Factor> scale) {
  if (offset->kind != Kind::Sub || !isParameter(offset->operands[0]))
    return false;
  SmallVector<Factor> factors;
  collectFactors(offset->operands[1], false, factors);
  for (const Factor &part : scale) {
    auto *found = llvm::find_if(factors, [&](const Factor &f) {
      return f.second == part.second && isSame(f.first, part.first);
    });
    if (found == factors.end())
      return false;
    factors.erase(found);
  }
  if (factors.size() != 1 || factors[0].second ||
      !isParameter(factors[0].first))
    return false;
  match.beta = offset->operands[0]->tensor;
  match.mean = factors[0].first->tensor;
  return true;
}

/// Matches input * scale + (beta - mean * scale), where the scale is gamma /
/// sqrt(variance + epsilon) and stands in both. The offset may also be added in
/// two steps.
bool BatchNormMatcher::matchAffine(const ExpressionRef &expression) {
  ExpressionRef product, offset;
  if (expression->kind == Kind::Add)
    for (int i : {0, 1})
      if (!expression->operands[i]->readsData) {
        offset = expression->operands[i];
        product = expression->operands[1 - i];
      }
  if (expression->kind == Kind::Sub &&
      expression->operands[0]->kind == Kind::Add) {
    // (input * scale + beta) - mean * scale
    const ExpressionRef &sum = expression->operands[0];
    for (int i : {0, 1})
      if (!sum->operands[i]->readsData) {
        offset = std::make_shared<Expression>();
        offset->kind = Kind::Sub;
        offset->operands = {sum->operands[i], expression->operands[1]};
        product = sum->operands[1 - i];
      }
  }
  SmallVector<Factor> factors;
  if (!product)
    return false;
  collectFactors(product, false, factors);
  return factors.size() <= maxFactors && matchInput(factors) &&
         matchOffset(offset, factors) &&
         llvm::all_of(factors, [&](const Factor &f) { return matchFactor(f); });
}

std::optional<BatchNormMatch> BatchNormMatcher::run(ExpressionRef expression) {
  const BatchNormMatch none = match;
  for (bool isAffine : {false, true}) {
    match = none;
    bool isMatched = isAffine ? matchAffine(expression) : matchNorm(expression);
    if (isMatched && match.input && match.variance)
      return match;
  }
  return std::nullopt;
}

/// The operations between a norm's input and its result.
static void collectChain(Operation *op, BatchNormMatch &match,
                         const DataPath &path) {
  if (!op || !path.contains(op->getResult(0)) || !match.chain.insert(op).second)
    return;
  for (Value operand : op->getOperands())
    if (operand != match.input)
      collectChain(operand.getDefiningOp(), match, path);
}

/// Matches an operation whose channels are any dimension but the batch.
static std::optional<BatchNormMatch> matchBatchNorm(Operation *op,
                                                    const DataPath &path) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!isElementwise(op) || !path.contains(op->getResult(0)) ||
      type.getRank() < 2 || !type.hasStaticShape())
    return std::nullopt;
  ExpressionRef expression = buildExpression(cast<linalg::LinalgOp>(op), path);
  for (int64_t axis = 1; axis < type.getRank(); ++axis) {
    auto match = BatchNormMatcher(type, axis).run(expression);
    if (!match)
      continue;
    match->op = op;
    collectChain(op, *match, path);
    return match;
  }
  return std::nullopt;
}

namespace {
struct CaptureBatchNorm : pdq::impl::CaptureBatchNormBase<CaptureBatchNorm> {
  using Base::Base;

  void runOnOperation() override {
    unsigned count = 0;
    getOperation()->walk([&](Block *block) {
      if (isa_and_nonnull<FunctionOpInterface>(block->getParentOp()))
        count += captureIn(*block);
    });
    numCaptured += count;
    if (count == 0 && !isCaptured())
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
  unsigned captureIn(Block &block);
  void replace(const BatchNormMatch &match);
};
} // namespace

/// Captures the norms of a block and counts them. Every prefix of a norm's
/// chain may match too, without its last parameters; so the ends of chains come
/// first.
unsigned CaptureBatchNorm::captureIn(Block &block) {
  DataPath path(block);
  SmallPtrSet<Operation *, 16> covered;
  SmallVector<BatchNormMatch> matches;
  for (Operation *op : llvm::reverse(path.getOperations())) {
    if (op->getNumResults() != 1 || covered.contains(op))
      continue;
    if (std::optional<BatchNormMatch> match = matchBatchNorm(op, path)) {
      covered.insert(match->chain.begin(), match->chain.end());
      matches.push_back(std::move(*match));
    }
  }
  for (const BatchNormMatch &match : llvm::reverse(matches))
    replace(match);
  return matches.size();
}

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
  if (found.getRank() == 0)
    return tensor::ExpandShapeOp::create(builder, loc, type, parameter,
                                         ArrayRef<ReassociationIndices>());
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
