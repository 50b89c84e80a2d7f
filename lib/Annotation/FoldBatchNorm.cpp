// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds captured batch norms into the weight and the bias of the layer in
// front.

#include "Structure.h"
#include "SymbolicExpression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/Constants.h"
#include "pdq/IR/PDQ.h"
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Statistics and parameters of a batch norm, one per channel.
struct NormParameters {
  SmallVector<float> mean, variance, gamma, beta;
};

/// A layer, and the batch norm that follows it through views and additions of
/// a bias.
struct FoldableNorm {
  BatchNormOp norm;
  linalg::LinalgOp layer;
  LayerWeight weight;
  /// Operations that add a bias, with the bias and the value they add it to.
  struct BiasAddition {
    Operation *op;
    Value bias, input;
  };
  SmallVector<BiasAddition> additions;
};
} // namespace

/// Reads an operation as `input + bias` with one bias per channel.
static std::optional<FoldableNorm::BiasAddition>
matchBiasAddition(Operation *op, int64_t axis) {
  if (!isElementwise(op) ||
      cast<RankedTensorType>(op->getResult(0).getType()).getRank() <= axis)
    return std::nullopt;
  ExpressionRef sum = buildExpression(cast<linalg::LinalgOp>(op), axis);
  if (sum->kind != Expression::Kind::Add)
    return std::nullopt;
  for (int i : {0, 1}) {
    const ExpressionRef &bias = sum->operands[i];
    const ExpressionRef &input = sum->operands[1 - i];
    if (bias->kind == Expression::Kind::Parameter && input->readsData &&
        input->tensor && input->tensor.getType() == op->getResult(0).getType())
      return FoldableNorm::BiasAddition{op, bias->tensor, input->tensor};
  }
  return std::nullopt;
}

/// Finds the layer in front of a batch norm; each value on the way has one use.
static void findLayer(BatchNormOp norm, FoldableNorm &fold) {
  Value value = norm.getInput();
  while (value.hasOneUse()) {
    Operation *op = value.getDefiningOp();
    if (isLayer(op)) {
      fold.layer = cast<linalg::LinalgOp>(op);
      return;
    }
    if (isView(op)) {
      value = getViewSource(op);
      continue;
    }
    auto addition = matchBiasAddition(op, norm.getAxis());
    if (!addition)
      return;
    fold.additions.push_back(*addition);
    value = addition->input;
  }
}

/// Reads the parameters; an error where one is no constant.
static FailureOr<NormParameters> readParameters(BatchNormOp norm) {
  NormParameters result;
  std::pair<Value, SmallVector<float> *> parameters[] = {
      {norm.getMean(), &result.mean},
      {norm.getVariance(), &result.variance},
      {norm.getGamma(), &result.gamma},
      {norm.getBeta(), &result.beta}};
  for (auto &[value, elements] : parameters) {
    while (isView(value.getDefiningOp()))
      value = getViewSource(value.getDefiningOp());
    std::optional<SmallVector<float>> read = readConstant<float>(value);
    if (!read)
      return norm.emitError(
          "batch norm has a parameter that is no constant of f32");
    *elements = std::move(*read);
  }
  return result;
}

/// The constant bias that initializes a layer's result, one element per
/// channel; zeros for a fill with zero. Views split its channels into groups.
static std::optional<SmallVector<float>> readBias(linalg::LinalgOp layer,
                                                  size_t channels) {
  Value init = layer.getDpsInitOperand(0)->get();
  while (isView(init.getDefiningOp()))
    init = getViewSource(init.getDefiningOp());
  if (auto fill = init.getDefiningOp<linalg::FillOp>()) {
    FloatAttr value;
    if (matchPattern(fill.getInputs()[0], m_Constant(&value)))
      return SmallVector<float>(channels, value.getValueAsDouble());
    return std::nullopt;
  }
  auto structured = init.getDefiningOp<linalg::LinalgOp>();
  if (!structured || structured.getNumDpsInputs() != 1)
    return std::nullopt;
  Value source = structured.getDpsInputOperand(0)->get();
  while (isView(source.getDefiningOp()))
    source = getViewSource(source.getDefiningOp());
  auto bias = readConstant<float>(source);
  return bias && bias->size() == channels ? bias : std::nullopt;
}

static Value buildFloats(OpBuilder &builder, Location loc,
                         RankedTensorType type, ArrayRef<float> elements) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, elements));
}

/// w * g along the axis of output channels.
static Value foldWeight(OpBuilder &builder, const FoldableNorm &fold,
                        ArrayRef<float> scale, ArrayRef<float> weight) {
  auto type = cast<RankedTensorType>(fold.weight.constant.getType());
  int64_t inner = 1;
  for (int64_t size : type.getShape().drop_front(fold.weight.axis + 1))
    inner *= size;
  SmallVector<float> folded(weight);
  for (auto [i, element] : llvm::enumerate(folded))
    element *= scale[i / inner % scale.size()];
  return buildFloats(builder, BatchNormOp(fold.norm).getLoc(), type, folded);
}

/// Initial value of the layer's result: the bias on every channel.
static Value buildBias(OpBuilder &builder, const FoldableNorm &fold,
                       ArrayRef<float> bias) {
  Location loc = BatchNormOp(fold.norm).getLoc();
  linalg::LinalgOp layer = fold.layer;
  auto type = cast<RankedTensorType>(layer->getResult(0).getType());
  SmallVector<int64_t> channelDims = getChannelDims(layer), shape, others;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (llvm::is_contained(channelDims, dim))
      shape.push_back(type.getDimSize(dim));
    else
      others.push_back(dim);
  }
  Value value = buildFloats(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), bias);
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  return linalg::BroadcastOp::create(builder, loc, value, empty, others)
      ->getResult(0);
}

/// Puts a new constant in front of the layer's views; other users keep theirs.
static void replaceWeight(OpBuilder &builder, const FoldableNorm &fold,
                          Value folded) {
  IRMapping mapping;
  mapping.map(fold.weight.constant, folded);
  SmallVector<Operation *> views;
  Value value = fold.weight.operand->get();
  while (value != fold.weight.constant) {
    views.push_back(value.getDefiningOp());
    value = getViewSource(views.back());
  }
  for (Operation *view : llvm::reverse(views))
    builder.clone(*view, mapping);
  fold.weight.operand->set(mapping.lookup(fold.weight.operand->get()));
}

/// g = gamma / sqrt(variance + epsilon)
static SmallVector<float> computeScale(BatchNormOp norm,
                                       const NormParameters &parameters) {
  float epsilon = norm.getEpsilon().convertToDouble();
  return llvm::map_to_vector(
      llvm::zip_equal(parameters.gamma, parameters.variance), [&](auto pair) {
        auto [gamma, variance] = pair;
        return gamma / std::sqrt(variance + epsilon);
      });
}

/// b' = (b - mean) g + beta, in the order of PyTorch's arithmetic.
static SmallVector<float> computeShift(const NormParameters &parameters,
                                       ArrayRef<float> scale,
                                       ArrayRef<float> bias) {
  SmallVector<float> shift(scale.size());
  for (size_t c = 0; c < scale.size(); ++c)
    shift[c] = parameters.beta[c] + scale[c] * (bias[c] - parameters.mean[c]);
  return shift;
}

/// The bias of the layer: what initializes its result, and what is added.
static std::optional<SmallVector<float>> readWholeBias(const FoldableNorm &fold,
                                                       size_t channels) {
  std::optional<SmallVector<float>> bias = readBias(fold.layer, channels);
  if (!bias)
    return std::nullopt;
  for (const FoldableNorm::BiasAddition &addition : fold.additions) {
    std::optional<SmallVector<float>> added =
        readConstant<float>(addition.bias);
    if (!added || added->size() != channels)
      return std::nullopt;
    for (auto [sum, term] : llvm::zip_equal(*bias, *added))
      sum += term;
  }
  return bias;
}

/// w' = w g; b' = (b - mean) g + beta.
static LogicalResult foldNorm(const FoldableNorm &fold,
                              const NormParameters &parameters) {
  BatchNormOp norm = fold.norm;
  std::optional<SmallVector<float>> weight =
      readConstant<float>(fold.weight.constant);
  std::optional<SmallVector<float>> bias =
      readWholeBias(fold, parameters.mean.size());
  if (!weight || !bias)
    return norm.emitError("batch norm follows a layer whose weight or bias is "
                          "no constant of f32; it cannot be folded");
  SmallVector<float> scale = computeScale(norm, parameters);
  linalg::LinalgOp layer = fold.layer;
  OpBuilder builder(layer.getOperation());
  replaceWeight(builder, fold, foldWeight(builder, fold, scale, *weight));
  layer.getDpsInitOperand(0)->set(
      buildBias(builder, fold, computeShift(parameters, scale, *bias)));
  for (const FoldableNorm::BiasAddition &addition : fold.additions)
    addition.op->getResult(0).replaceAllUsesWith(addition.input);
  norm.replaceAllUsesWith(norm.getInput());
  norm.erase();
  return success();
}

/// x g + b' per channel, for a batch norm that follows no layer alone.
static void lowerNorm(BatchNormOp norm, const NormParameters &parameters) {
  OpBuilder builder(norm);
  Location loc = norm.getLoc();
  auto type = cast<RankedTensorType>(norm.getType());
  SmallVector<float> scale = computeScale(norm, parameters);
  SmallVector<float> zeros(scale.size(), 0.0f);
  auto channels =
      RankedTensorType::get({int64_t(scale.size())}, type.getElementType());
  Value factor = buildFloats(builder, loc, channels, scale);
  Value shift = buildFloats(builder, loc, channels,
                            computeShift(parameters, scale, zeros));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  AffineMap perChannel = identity.getSubMap({unsigned(norm.getAxis())});
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  auto affine = linalg::GenericOp::create(
      builder, loc, type, ValueRange{norm.getInput(), factor, shift}, empty,
      ArrayRef<AffineMap>{identity, perChannel, perChannel, identity}, loops,
      [](OpBuilder &b, Location l, ValueRange args) {
        Value product = arith::MulFOp::create(b, l, args[0], args[1]);
        Value sum = arith::AddFOp::create(b, l, product, args[2]);
        linalg::YieldOp::create(b, l, sum);
      });
  norm.replaceAllUsesWith(affine.getResult(0));
  norm.erase();
}

/// Folds one batch norm into the layer in front, or writes it out where there
/// is none; `folded` tells which.
static LogicalResult eliminate(BatchNormOp norm, bool &folded) {
  FailureOr<NormParameters> parameters = readParameters(norm);
  if (failed(parameters))
    return failure();
  FoldableNorm fold;
  fold.norm = norm;
  findLayer(norm, fold);
  folded = static_cast<bool>(fold.layer);
  if (!folded) {
    lowerNorm(norm, *parameters);
    return success();
  }
  FailureOr<LayerWeight> weight = findWeight(fold.layer);
  if (failed(weight))
    return failure();
  fold.weight = *weight;
  return foldNorm(fold, *parameters);
}

namespace {
struct FoldBatchNorm : pdq::impl::FoldBatchNormBase<FoldBatchNorm> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<BatchNormOp> norms;
    getOperation()->walk([&](BatchNormOp norm) {
      // Distribution correction needs those of the float bodies.
      auto region = norm->getParentOfType<RegionOp>();
      if (!region || !region.getFloatBody().isAncestor(norm->getParentRegion()))
        norms.push_back(norm);
    });
    for (BatchNormOp norm : norms) {
      bool folded = false;
      if (failed(eliminate(norm, folded)))
        return signalPassFailure();
      ++(folded ? numFolded : numLowered);
    }
  }
};
} // namespace
