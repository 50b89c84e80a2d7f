// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds captured batch norms into the weight and the bias of the layer in
// front; what cannot be folded becomes an affine operation.

#include "FoldableNorm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Constants.h"
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
} // namespace

/// Reads the parameters; nothing where one is no constant of f32.
static std::optional<NormParameters> readParameters(BatchNormOp norm) {
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
      return std::nullopt;
    *elements = std::move(*read);
  }
  return result;
}

static Value buildFloats(OpBuilder &builder, Location loc,
                         RankedTensorType type, ArrayRef<float> elements) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, elements));
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

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

/// Calls `visit(linearIndex, position)` for each element of a tensor.
template <typename Fn>
static void forEachElement(ArrayRef<int64_t> shape, Fn visit) {
  SmallVector<int64_t> position(shape.size(), 0);
  for (int64_t i = 0, e = ShapedType::getNumElements(shape); i < e; ++i) {
    visit(i, position);
    for (size_t dim = shape.size(); dim-- > 0;) {
      if (++position[dim] < shape[dim])
        break;
      position[dim] = 0;
    }
  }
}

/// w g, in the order of the constant's elements.
static Value foldWeight(OpBuilder &builder, const FoldableNorm &fold,
                        ArrayRef<float> scale, ArrayRef<float> weight) {
  auto type = cast<RankedTensorType>(fold.weight.constant.getType());
  SmallVector<float> folded(weight);
  forEachElement(type.getShape(), [&](int64_t i, ArrayRef<int64_t> position) {
    folded[i] *= scale[fold.channelOfWeight.evaluate(position)];
  });
  return buildFloats(builder, BatchNormOp(fold.norm).getLoc(), type, folded);
}

/// b' = (b - mean) g + beta, in the order of PyTorch's arithmetic; one for each
/// output channel of the layer, which may be more than the norm has.
static SmallVector<float> foldBias(const FoldableNorm &fold,
                                   const NormParameters &parameters,
                                   ArrayRef<float> scale) {
  linalg::LinalgOp layer = fold.layer;
  auto type = cast<RankedTensorType>(layer->getResult(0).getType());
  // The bias is the same at all other positions.
  SmallVector<int64_t> shape(type.getRank(), 1);
  for (int64_t dim : getChannelDims(layer))
    shape[dim] = type.getDimSize(dim);
  SmallVector<float> shift(ShapedType::getNumElements(shape));
  forEachElement(shape, [&](int64_t i, ArrayRef<int64_t> position) {
    float bias = 0;
    for (const ChannelBias &term : fold.biases)
      bias += term.elements[term.index.evaluate(position)];
    int64_t c = fold.channel.evaluate(position);
    shift[i] = parameters.beta[c] + scale[c] * (bias - parameters.mean[c]);
  });
  return shift;
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
  for (Operation *view : llvm::reverse(fold.weight.getViews()))
    builder.clone(*view, mapping);
  fold.weight.operand->set(mapping.lookup(fold.weight.operand->get()));
}

/// w' = w g; b' = (b - mean) g + beta.
static void foldNorm(const FoldableNorm &fold, const NormParameters &parameters,
                     ArrayRef<float> weight) {
  BatchNormOp norm = fold.norm;
  SmallVector<float> scale = computeScale(norm, parameters);
  linalg::LinalgOp layer = fold.layer;
  OpBuilder builder(layer.getOperation());
  SmallVector<float> bias = foldBias(fold, parameters, scale);
  replaceWeight(builder, fold, foldWeight(builder, fold, scale, weight));
  layer.getDpsInitOperand(0)->set(buildBias(builder, fold, bias));
  for (const BiasAddition &addition : fold.additions)
    addition.op->getResult(0).replaceAllUsesWith(addition.input);
  norm.replaceAllUsesWith(norm.getInput());
  norm.erase();
}

//===----------------------------------------------------------------------===//
// Writing out
//===----------------------------------------------------------------------===//

/// Replaces a norm by an operation on its input and tensors of one element per
/// channel.
static void
writeOut(BatchNormOp norm, ValueRange parameters,
         function_ref<Value(OpBuilder &, Location, ValueRange)> payload) {
  OpBuilder builder(norm);
  Location loc = norm.getLoc();
  auto type = cast<RankedTensorType>(norm.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps(parameters.size(),
                              identity.getSubMap({unsigned(norm.getAxis())}));
  maps.insert(maps.begin(), identity);
  maps.push_back(identity);
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  SmallVector<Value> inputs{norm.getInput()};
  llvm::append_range(inputs, parameters);
  auto affine = linalg::GenericOp::create(
      builder, loc, type, inputs, empty, maps, loops,
      [&](OpBuilder &b, Location l, ValueRange args) {
        linalg::YieldOp::create(b, l, payload(b, l, args));
      });
  norm.replaceAllUsesWith(affine.getResult(0));
  norm.erase();
}

/// x g + b' per channel, for a batch norm that follows no layer alone.
static void lowerNorm(BatchNormOp norm, const NormParameters &parameters) {
  OpBuilder builder(norm);
  SmallVector<float> scale = computeScale(norm, parameters), shift;
  for (size_t c = 0; c < scale.size(); ++c)
    shift.push_back(parameters.beta[c] + scale[c] * (0 - parameters.mean[c]));
  auto channels = cast<RankedTensorType>(norm.getMean().getType());
  Value factor = buildFloats(builder, norm.getLoc(), channels, scale);
  Value bias = buildFloats(builder, norm.getLoc(), channels, shift);
  writeOut(norm, {factor, bias},
           [](OpBuilder &b, Location l, ValueRange args) -> Value {
             Value product = arith::MulFOp::create(b, l, args[0], args[1]);
             return arith::AddFOp::create(b, l, product, args[2]);
           });
}

/// The norm's own formula, for parameters whose elements are not known here.
static void lowerUnknownNorm(BatchNormOp norm) {
  auto element =
      cast<FloatType>(cast<RankedTensorType>(norm.getType()).getElementType());
  FloatAttr epsilon =
      FloatAttr::get(element, norm.getEpsilon().convertToDouble());
  writeOut(
      norm,
      {norm.getMean(), norm.getVariance(), norm.getGamma(), norm.getBeta()},
      [&](OpBuilder &b, Location l, ValueRange args) -> Value {
        Value small = arith::ConstantOp::create(b, l, epsilon);
        Value sum = arith::AddFOp::create(b, l, args[2], small);
        Value deviation = math::SqrtOp::create(b, l, sum);
        Value difference = arith::SubFOp::create(b, l, args[0], args[1]);
        Value normal = arith::DivFOp::create(b, l, difference, deviation);
        Value product = arith::MulFOp::create(b, l, normal, args[3]);
        return arith::AddFOp::create(b, l, product, args[4]);
      });
}

/// Folds one batch norm into the layer in front, or writes it out where there
/// is none or it cannot be proved to take the norm; tells which.
static bool eliminate(BatchNormOp norm, const DataPath &path) {
  std::optional<NormParameters> parameters = readParameters(norm);
  if (!parameters) {
    lowerUnknownNorm(norm);
    return false;
  }
  std::optional<FoldableNorm> fold = findFoldableNorm(norm, path);
  std::optional<SmallVector<float>> weight;
  if (fold)
    weight = readConstant<float>(fold->weight.constant);
  if (!weight) {
    lowerNorm(norm, *parameters);
    return false;
  }
  foldNorm(*fold, *parameters, *weight);
  return true;
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
      DataPath path(*norm->getBlock());
      ++(eliminate(norm, path) ? numFolded : numLowered);
    }
  }
};
} // namespace
