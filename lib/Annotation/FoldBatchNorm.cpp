// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds captured batch norms into the weight and the bias of the layer in front.

#include "Constants.h"
#include "Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Passes.h"
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// A layer, and the batch norm that follows it through views.
struct FoldableNorm {
  BatchNormOp norm;
  linalg::LinalgOp layer;
  LayerWeight weight;
  /// Statistics and parameters, one per channel.
  SmallVector<float> mean, variance, gamma, beta;
};
} // namespace

/// The layer in front of a batch norm, through views with one use.
static linalg::LinalgOp findLayer(BatchNormOp norm) {
  Value value = norm.getInput();
  while (value.hasOneUse() && isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  return value.hasOneUse() && isLayer(value.getDefiningOp())
             ? cast<linalg::LinalgOp>(value.getDefiningOp())
             : linalg::LinalgOp();
}

static FailureOr<FoldableNorm> analyze(BatchNormOp norm) {
  FoldableNorm result;
  result.norm = norm;
  result.layer = findLayer(norm);
  if (!result.layer)
    return norm.emitError("batch norm does not follow a layer alone; it cannot "
                          "be folded");
  FailureOr<LayerWeight> weight = findWeight(result.layer);
  if (failed(weight))
    return failure();
  result.weight = *weight;
  std::pair<Value, SmallVector<float> *> parameters[] = {
      {norm.getMean(), &result.mean},
      {norm.getVariance(), &result.variance},
      {norm.getGamma(), &result.gamma},
      {norm.getBeta(), &result.beta}};
  for (auto &[value, elements] : parameters) {
    std::optional<SmallVector<float>> read = readFloats(value);
    if (!read)
      return norm.emitError(
          "batch norm has a parameter that is no constant of f32");
    *elements = std::move(*read);
  }
  return result;
}

/// The constant bias that initializes a layer's result, one element per channel; zeros for
/// a fill with zero.
static std::optional<SmallVector<float>> readBias(linalg::LinalgOp layer,
                                                  size_t channels) {
  Value init = layer.getDpsInitOperand(0)->get();
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
  auto bias = readFloats(source);
  return bias && bias->size() == channels ? bias : std::nullopt;
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

/// g = gamma / sqrt(variance + epsilon); w' = w g; b' = (b - mean) g + beta.
static LogicalResult foldNorm(const FoldableNorm &fold) {
  size_t channels = fold.mean.size();
  std::optional<SmallVector<float>> weight = readFloats(fold.weight.constant);
  std::optional<SmallVector<float>> bias = readBias(fold.layer, channels);
  if (!weight || !bias)
    return BatchNormOp(fold.norm).emitError(
        "batch norm follows a layer whose weight or bias is no constant of "
        "f32; it cannot be folded");
  float epsilon = BatchNormOp(fold.norm).getEpsilon().convertToDouble();
  SmallVector<float> scale(channels);
  for (size_t c = 0; c < channels; ++c) {
    scale[c] = fold.gamma[c] / std::sqrt(fold.variance[c] + epsilon);
    (*bias)[c] = fold.beta[c] + scale[c] * ((*bias)[c] - fold.mean[c]);
  }
  OpBuilder builder(linalg::LinalgOp(fold.layer).getOperation());
  replaceWeight(builder, fold, foldWeight(builder, fold, scale, *weight));
  linalg::LinalgOp layer = fold.layer;
  layer.getDpsInitOperand(0)->set(buildBias(builder, fold, *bias));
  BatchNormOp norm = fold.norm;
  norm.replaceAllUsesWith(norm.getInput());
  norm.erase();
  return success();
}

namespace {
struct FoldBatchNorm : pdq::impl::FoldBatchNormBase<FoldBatchNorm> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<BatchNormOp> norms;
    getOperation()->walk([&](RegionOp region) {
      for (BatchNormOp norm :
           region.getQuantizedBody().front().getOps<BatchNormOp>())
        norms.push_back(norm);
    });
    for (BatchNormOp norm : norms) {
      FailureOr<FoldableNorm> fold = analyze(norm);
      if (failed(fold) || failed(foldNorm(*fold)))
        return signalPassFailure();
      ++numFolded;
    }
  }
};
} // namespace
