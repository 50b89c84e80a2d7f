// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products that can be computed on integers.

#include "QuantizedProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Support/DebugStringHelper.h"
#include "pdq/Network/Constants/ConstantTensor.h"
#include "pdq/Network/Layers/FactoredIndex.h"
#include "pdq/Network/Layers/Structure.h"
#include "pdq/Support/Constants.h"

using namespace mlir;
using namespace mlir::pdq;

static LogicalResult remarkStaysFloat(linalg::LinalgOp op,
                                      const Twine &reason) {
  op->emitRemark("product stays in floating point: ") << reason;
  return failure();
}

LogicalResult ProductMatcher::fail(linalg::LinalgOp op,
                                   const Twine &reason) const {
  return remarks == ProductRemarks::None ? failure()
                                         : remarkStaysFloat(op, reason);
}

LogicalResult ProductMatcher::failUnquantized(linalg::LinalgOp op,
                                              const Twine &reason) const {
  return remarks == ProductRemarks::All ? remarkStaysFloat(op, reason)
                                        : failure();
}

/// Lowering of the casts themselves, which comes later, has the error.
static InFlightDiagnostic ignoreError() { return {}; }

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

int64_t QuantizedWeight::getMaxMagnitude() const {
  int64_t result = 0;
  for (int64_t integer : centered)
    result = std::max(result, std::abs(integer));
  return result;
}

SmallVector<int64_t> QuantizedWeight::getSums() const {
  SmallVector<int64_t> sums(getNumChannels(), 0);
  for (auto [integer, channel] : llvm::zip_equal(centered, channels))
    sums[channel] += integer;
  return sums;
}

int64_t QuantizedProduct::getMaxActivation() const {
  int64_t zeroPoint = activation.zeroPoints[0];
  return std::max(activationType.getStorageTypeMax() - zeroPoint,
                  zeroPoint - activationType.getStorageTypeMin());
}

uint64_t QuantizedProduct::getSumBound(int64_t numTerms) const {
  return llvm::SaturatingMultiply<uint64_t>(getMaxActivation(), numTerms);
}

uint64_t QuantizedProduct::getBound() const {
  uint64_t largest = llvm::SaturatingMultiply<uint64_t>(
      getMaxActivation(), weight.getMaxMagnitude());
  return llvm::SaturatingMultiply<uint64_t>(weight.getNumTerms(), largest);
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

bool mlir::pdq::isZeroTensor(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  return matchPattern(tensor, m_AnyZeroFloat());
}

/// Whether `op` gives elements of its first operand other places, and zeros to
/// the places between and around them.
static bool isMove(Operation *op) {
  if (auto pad = dyn_cast_or_null<tensor::PadOp>(op)) {
    Value value = pad.getConstantPaddingValue();
    return value && matchPattern(value, m_AnyZeroFloat());
  }
  if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(op))
    return isZeroTensor(insert.getDest());
  return isa_and_nonnull<tensor::ExtractSliceOp>(op) || isView(op) ||
         isBroadcast(op);
}

/// What a value is, for messages.
static std::string describe(Value value) {
  if (Operation *op = value.getDefiningOp())
    return ("'" + op->getName().getStringRef() + "'").str();
  return "an argument";
}

/// Follows the first operand of `product.op` back to its dequantization.
LogicalResult ProductMatcher::findActivation(QuantizedProduct &product) const {
  Value value = product.op->getOperand(0);
  while (isMove(value.getDefiningOp())) {
    product.moves.push_back(value.getDefiningOp());
    value = value.getDefiningOp()->getOperand(0);
  }
  auto dcast = value.getDefiningOp<quant::DequantizeCastOp>();
  if (!dcast)
    return failUnquantized(
        product.op, "its input comes from " + describe(value) +
                        ", expected a 'quant.dcast', with at most reshapes, "
                        "slices and zeros in between");
  product.dequantized = value;
  product.activationType = dcast.getQuantizedType();
  auto parameters = getUniformParameters(dcast.getQuantizedType(), ignoreError);
  if (failed(parameters))
    return failure();
  if (parameters->axis)
    return fail(product.op, "its input has a scale for each slice "
                            "of an axis, expected one scale");
  product.activation = *parameters;
  return success();
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The integers behind a weight, and the indices of their dimensions as
/// functions of those that the product reads.
struct mlir::pdq::WeightSource {
  DenseIntElementsAttr integers;
  UniformParameters parameters;
  FactoredIndices indices;
};

FailureOr<WeightSource>
ProductMatcher::findWeightSource(linalg::LinalgOp op) const {
  Value value = op->getOperand(1);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return failUnquantized(op,
                           "its weight has dynamic sizes, expected a constant");
  std::optional<FactoredIndices> indices = getOwnIndices(type);
  while (isView(value.getDefiningOp())) {
    auto source = getSourceIndices(value.getDefiningOp());
    if (!source || !(indices = substitute(*source, *indices)))
      return fail(op, "its weight is reshaped across factors of "
                      "its sizes");
    value = getViewSource(value.getDefiningOp());
  }
  auto dcast = value.getDefiningOp<quant::DequantizeCastOp>();
  auto scast =
      dcast ? dcast.getInput().getDefiningOp<quant::StorageCastOp>() : nullptr;
  WeightSource source;
  if (!scast || !matchPattern(scast.getInput(), m_Constant(&source.integers)))
    return failUnquantized(op, "its weight comes from " + describe(value) +
                                   ", expected a 'quant.dcast' of a constant "
                                   "as the second operand");
  auto parameters = getUniformParameters(dcast.getQuantizedType(), ignoreError);
  if (failed(parameters))
    return failure();
  source.parameters = *parameters;
  source.indices = *indices;
  return source;
}

/// Fills in what belongs to a channel, and the elements in the order that the
/// product reads; false where elements of one channel differ in their scale.
static bool readElements(const WeightSource &source, QuantizedWeight &weight,
                         ArrayRef<int64_t> channelDims) {
  const UniformParameters &parameters = source.parameters;
  SmallVector<APInt> integers(source.integers.getValues<APInt>());
  FactoredIndex linear = linearize(source.indices);
  int64_t numChannels = ShapedType::getNumElements(weight.channelShape);
  SmallVector<int64_t> slices(numChannels, -1);
  weight.isSigned = parameters.type.isSigned();
  weight.storageWidth = parameters.type.getStorageTypeIntegralWidth();
  weight.scales.assign(numChannels, 0);
  weight.zeroPoints.assign(numChannels, 0);
  SmallVector<int64_t> position(weight.shape.size(), 0);
  for (size_t i = 0; i < integers.size();
       ++i, advance(position, weight.shape)) {
    int64_t slice = parameters.axis
                        ? source.indices[*parameters.axis].evaluate(position)
                        : 0;
    int64_t channel = 0;
    for (auto [dim, size] : llvm::zip_equal(channelDims, weight.channelShape))
      channel = channel * size + position[dim];
    if (slices[channel] != -1 && slices[channel] != slice)
      return false;
    slices[channel] = slice;
    weight.scales[channel] = parameters.scales[slice];
    weight.zeroPoints[channel] = parameters.zeroPoints[slice];
    const APInt &q = integers[linear.evaluate(position)];
    weight.centered.push_back(
        (weight.isSigned ? q.getSExtValue() : q.getZExtValue()) -
        parameters.zeroPoints[slice]);
    weight.channels.push_back(channel);
  }
  return true;
}

/// Whether each sum of `op` is over all elements of its channel of the weight,
/// and loops index one dimension of the result each.
static bool isSumOverWeight(linalg::LinalgOp op) {
  AffineMap weight = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!weight.isProjectedPermutation() || !result.isProjectedPermutation())
    return false;
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool isReduction = kind == utils::IteratorType::reduction;
    if (isReduction == result.isFunctionOfDim(loop) ||
        (isReduction && !weight.isFunctionOfDim(loop)))
      return false;
  }
  return true;
}

LogicalResult ProductMatcher::findWeight(QuantizedProduct &product) const {
  linalg::LinalgOp op = product.op;
  auto source = findWeightSource(op);
  if (failed(source))
    return failure();
  if (!isSumOverWeight(op))
    return fail(op, "its sums are not over one dimension of the weight a loop");
  QuantizedWeight &weight = product.weight;
  weight.shape = llvm::to_vector(
      cast<RankedTensorType>(op->getOperand(1).getType()).getShape());
  SmallVector<int64_t> dims = getWeightChannelDims(op);
  for (int64_t dim : dims)
    weight.channelShape.push_back(weight.shape[dim]);
  weight.channelDims = getChannelDims(op);
  if (ShapedType::getNumElements(weight.shape) == 0)
    return fail(op, "its weight is empty");
  if (!readElements(*source, weight, dims))
    return fail(op, "its sums are over weights of more than one "
                    "scale, expected one an output channel");
  return success();
}

FailureOr<QuantizedProduct> ProductMatcher::match(linalg::LinalgOp op) const {
  QuantizedProduct product;
  product.op = op;
  if (failed(findActivation(product)) || failed(findWeight(product)))
    return failure();
  auto type = cast<ShapedType>(op->getResult(0).getType());
  if (!type.getElementType().isF32())
    return fail(op, "its type is " + debugString(type.getElementType()) +
                        ", expected f32");
  return product;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Whether the payload of `op` adds the elements of its first operand to 0, and
/// reads nothing else.
static bool isPlainSum(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInits() != 1 ||
      !isZeroTensor(op.getDpsInits()[0]))
    return false;
  Block &body = *op.getBlock();
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !llvm::hasNItems(body, 2))
    return false;
  Value added = body.getArgument(0), before = op.getRegionOutputArgs()[0];
  return (sum.getLhs() == added && sum.getRhs() == before) ||
         (sum.getRhs() == added && sum.getLhs() == before);
}

FailureOr<QuantizedProduct>
ProductMatcher::matchSum(linalg::LinalgOp op) const {
  QuantizedProduct sum;
  sum.op = op;
  if (!isPlainSum(op) || failed(findActivation(sum)) ||
      !getElementTypeOrSelf(op->getResult(0)).isF32())
    return failure();
  return sum;
}
