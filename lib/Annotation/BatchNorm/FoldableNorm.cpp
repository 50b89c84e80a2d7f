// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a batch norm back to its layer, with the norm's axis followed through
// every view.

#include "FoldableNorm.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Network/Layers/SymbolicExpression.h"
#include "pdq/Support/Constants.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Biases
//===----------------------------------------------------------------------===//

/// The elements of a constant behind views and broadcasts, whose dimensions are
/// the functions `indices`; nothing where it is computed.
static std::optional<ChannelBias> readBias(Value value,
                                           FactoredIndices indices) {
  while (true) {
    if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
      FloatAttr filled;
      if (!matchPattern(fill.getInputs()[0], m_Constant(&filled)))
        return std::nullopt;
      return ChannelBias{{float(filled.getValueAsDouble())}, FactoredIndex()};
    }
    Operation *op = value.getDefiningOp();
    auto source = getSourceIndices(op);
    if (!source)
      break;
    auto read = substitute(*source, indices);
    if (!read)
      return std::nullopt;
    indices = std::move(*read);
    value = op->getOperand(0);
  }
  auto elements = readConstant<float>(value);
  if (!elements)
    return std::nullopt;
  return ChannelBias{std::move(*elements), linearize(indices)};
}

/// Reads an operation as `input + bias` or `input - bias`.
static std::optional<std::pair<BiasAddition, ChannelBias>>
matchBiasAddition(Operation *op, const DataPath &path) {
  using Kind = Expression::Kind;
  if (!isElementwise(op))
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  ExpressionRef sum = buildExpression(cast<linalg::LinalgOp>(op), path);
  if (sum->kind != Kind::Add && sum->kind != Kind::Sub)
    return std::nullopt;
  for (int i : {0, 1}) {
    const ExpressionRef &input = sum->operands[i];
    const ExpressionRef &bias = sum->operands[1 - i];
    bool isReversed = i == 1 && sum->kind == Kind::Sub;
    if (isReversed || !input->readsData || !input->isInOrder(type) ||
        bias->readsData)
      continue;
    std::optional<ChannelBias> read;
    if (bias->tensor)
      read = readBias(bias->tensor, bias->indices);
    else if (bias->constant)
      read = ChannelBias{{float(*bias->constant)}, FactoredIndex()};
    if (!read)
      return std::nullopt;
    if (sum->kind == Kind::Sub)
      for (float &element : read->elements)
        element = -element;
    return std::make_pair(BiasAddition{op, input->tensor}, std::move(*read));
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The layer
//===----------------------------------------------------------------------===//

/// Expresses the norm's channel and the biases by the dimensions of a view's
/// source; false where that is not possible.
static bool goThroughView(Operation *view, FoldableNorm &fold) {
  auto dims = getResultIndices(view);
  if (!dims)
    return false;
  auto channel = fold.channel.substitute(*dims);
  if (!channel)
    return false;
  fold.channel = *channel;
  for (ChannelBias &bias : fold.biases) {
    auto index = bias.index.substitute(*dims);
    if (!index)
      return false;
    bias.index = *index;
  }
  return true;
}

/// Finds the layer in front of a batch norm; each value on the way has one use.
static bool findLayer(FoldableNorm &fold, const DataPath &path) {
  Value value = fold.norm.getInput();
  while (value.hasOneUse()) {
    Operation *op = value.getDefiningOp();
    if (isLayer(op)) {
      fold.layer = cast<linalg::LinalgOp>(op);
      return true;
    }
    if (isView(op)) {
      if (!goThroughView(op, fold))
        return false;
      value = getViewSource(op);
      continue;
    }
    if (!op)
      return false;
    auto addition = matchBiasAddition(op, path);
    if (!addition)
      return false;
    fold.additions.push_back(addition->first);
    fold.biases.push_back(std::move(addition->second));
    value = addition->first.input;
  }
  return false;
}

/// The dimensions of a layer's result as functions of those of the weight's
/// constant; an index of size 1 stands for those that are no output channels.
static std::optional<FactoredIndices>
getChannelIndices(linalg::LinalgOp layer, const LayerWeight &weight) {
  std::optional<FactoredIndices> operand =
      getOwnIndices(cast<RankedTensorType>(weight.constant.getType()));
  for (Operation *view : llvm::reverse(weight.getViews())) {
    auto result = getResultIndices(view);
    if (!result || !(operand = substitute(*result, *operand)))
      return std::nullopt;
  }
  FactoredIndices indices(
      cast<RankedTensorType>(layer->getResult(0).getType()).getRank());
  for (auto [dim, weightDim] :
       llvm::zip_equal(getChannelDims(layer), getWeightChannelDims(layer)))
    indices[dim] = (*operand)[weightDim];
  return indices;
}

/// Proves that biases and norm are constant on each output channel; the reason
/// why not, or null.
static const char *prove(FoldableNorm &fold) {
  linalg::LinalgOp layer = fold.layer;
  SmallVector<int64_t> channels = getChannelDims(layer);
  if (!fold.channel.dependsOnlyOn(channels))
    return "its channels are no output channels of the layer";
  auto type = cast<RankedTensorType>(layer->getResult(0).getType());
  auto init = readBias(layer.getDpsInitOperand(0)->get(), getOwnIndices(type));
  if (!init)
    return "what initializes the layer's result is no constant of f32";
  fold.biases.insert(fold.biases.begin(), std::move(*init));
  for (const ChannelBias &bias : fold.biases)
    if (!bias.index.dependsOnlyOn(channels))
      return "a bias differs within an output channel of the layer";
  FailureOr<LayerWeight> weight = findWeight(layer);
  if (failed(weight))
    return "the layer's weight is no constant";
  fold.weight = *weight;
  auto indices = getChannelIndices(layer, fold.weight);
  auto ofWeight = indices ? fold.channel.substitute(*indices) : std::nullopt;
  if (!ofWeight)
    return "the output channels of the layer cannot be followed to its weight";
  fold.channelOfWeight = *ofWeight;
  if (!cast<RankedTensorType>(fold.weight.constant.getType())
           .getElementType()
           .isF32())
    return "the layer's weight is no constant of f32";
  return nullptr;
}

std::optional<FoldableNorm> mlir::pdq::findFoldableNorm(BatchNormOp norm,
                                                        const DataPath &path) {
  FoldableNorm fold;
  fold.norm = norm;
  auto type = cast<RankedTensorType>(norm.getType());
  fold.channel = FactoredIndex(norm.getAxis(), type.getDimSize(norm.getAxis()));
  if (!type.hasStaticShape() || !findLayer(fold, path))
    return std::nullopt;
  if (const char *reason = prove(fold)) {
    norm.emitRemark("batch norm is not folded into the layer in front: ")
        << reason;
    return std::nullopt;
  }
  return fold;
}
