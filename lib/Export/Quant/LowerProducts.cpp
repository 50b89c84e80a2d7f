// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of quantized tensors on integers (integer_1).

#include "LowerProducts.h"
#include "ProductTensors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// What sums hold exactly
//===----------------------------------------------------------------------===//

/// Integers up to it are numbers of f32.
static constexpr uint64_t largestExactFloat = uint64_t(1) << 24;

Type ProductLowering::getSumType() const {
  return sumsFloats() ? Type(rewriter.getF32Type())
                      : Type(rewriter.getI32Type());
}

/// Sums of f32 are exact, in any order, up to 2^24; those of i32 do not wrap
/// below 2^31 (integer_2).
LogicalResult ProductLowering::checkBound(const QuantizedProduct &product) {
  uint64_t largest = sumsFloats() ? largestExactFloat : (uint64_t(1) << 31) - 1;
  if (product.getBound() <= largest)
    return success();
  return matcher.fail(
      product.op, "its sums of " + Twine(product.weight.getNumTerms()) +
                      " terms up to " + Twine(product.getMaxActivation()) +
                      " * " + Twine(product.weight.getMaxMagnitude()) +
                      " may reach " + Twine(product.getBound()) +
                      ", expected at most " + Twine(largest) +
                      (sumsFloats() ? " for sums of f32" : " for sums of i32"));
}

/// Integers are multiplied as i8.
LogicalResult ProductLowering::checkWidths(const QuantizedProduct &product) {
  unsigned data = product.activationType.getStorageTypeIntegralWidth();
  if (sumsFloats() || (data <= 8 && product.weight.storageWidth <= 8))
    return success();
  return matcher.fail(product.op, "its integers have " + Twine(data) + " and " +
                                      Twine(product.weight.storageWidth) +
                                      " bits, expected at most 8");
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Gives a copy of a product without a region that of integers: both inputs
/// are extended with their signs.
static void buildIntegerPayload(OpBuilder &b, linalg::LinalgOp original,
                                Operation *copy) {
  Region &region = copy->getRegion(0);
  Block *block = b.createBlock(&region);
  for (Value operand : copy->getOperands())
    block->addArgument(getElementTypeOrSelf(operand.getType()), copy->getLoc());
  ImplicitLocOpBuilder body(copy->getLoc(), b);
  body.setInsertionPointToStart(block);
  if (auto build = original.getRegionBuilder()) {
    build(body, *block, copy->getAttrs(), [&] { return copy->emitOpError(); });
    return;
  }
  Type i32 = b.getI32Type();
  Value x = arith::ExtSIOp::create(body, i32, block->getArgument(0));
  Value w = arith::ExtSIOp::create(body, i32, block->getArgument(1));
  Value product = arith::MulIOp::create(body, x, w);
  Value sum = arith::AddIOp::create(body, block->getArgument(2), product);
  linalg::YieldOp::create(body, sum);
}

/// Which dimensions of an operand are indexed by loops that the data lacks:
/// channels of the weight that read the same data.
static SmallVector<bool> getWeightDims(linalg::LinalgOp op,
                                       OpOperand *operand) {
  AffineMap data = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  return llvm::map_to_vector(
      op.getMatchingIndexingMap(operand).getResults(), [&](AffineExpr index) {
        auto dim = dyn_cast<AffineDimExpr>(index);
        return dim && !data.isFunctionOfDim(dim.getPosition());
      });
}

/// The product of other operands, from 0 on, with a result of `sizes`.
Value ProductLowering::buildSum(linalg::LinalgOp op, Value data, Value weight,
                                ArrayRef<OpFoldResult> sizes) {
  Type type = getSumType();
  Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), sizes, type);
  Value zero = buildFilled(rewriter, op.getLoc(), empty,
                           cast<TypedAttr>(rewriter.getZeroAttr(type)));
  Operation *sum = sumsFloats() ? rewriter.clone(*op)
                                : rewriter.insert(op->cloneWithoutRegions());
  sum->setOperands({data, weight, zero});
  sum->getResult(0).setType(zero.getType());
  if (!sumsFloats()) {
    OpBuilder::InsertionGuard guard(rewriter);
    buildIntegerPayload(rewriter, op, sum);
  }
  return sum->getResult(0);
}

/// The sum of the data that each element of the product reads: the product with
/// a weight of ones. Channels that read the same data share it, so it has one.
Value ProductLowering::buildDataSum(const QuantizedProduct &product,
                                    Value data) {
  linalg::LinalgOp op = product.op;
  SmallVector<int64_t> shape = product.weight.shape;
  for (auto [size, isWeight] :
       llvm::zip_equal(shape, getWeightDims(op, op.getDpsInputOperand(1))))
    if (isWeight)
      size = 1;
  auto sizes =
      tensor::getMixedSizes(rewriter, op.getLoc(), op.getDpsInits()[0]);
  for (auto [size, isWeight] :
       llvm::zip_equal(sizes, getWeightDims(op, op.getDpsInitOperand(0))))
    if (isWeight)
      size = rewriter.getIndexAttr(1);
  SmallVector<int64_t> ones(ShapedType::getNumElements(shape), 1);
  Value weight = buildConstant<int8_t>(rewriter, op.getLoc(), shape,
                                       rewriter.getI8Type(), ones);
  return buildSum(op, data, weight, sizes);
}

//===----------------------------------------------------------------------===//
// Behind the sum
//===----------------------------------------------------------------------===//

/// The inputs of the operation behind a sum, which has the loops of its result;
/// the sum itself is the first one.
struct ProductLowering::RescaleInputs {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  /// Positions of the others, where there are such.
  std::optional<unsigned> correction, weightZero, dataSum, scale, bias;

  unsigned add(Value value, AffineMap map) {
    values.push_back(value);
    maps.push_back(map);
    return values.size() - 1;
  }
};

/// What a sum of products lacks, then the rescale and the bias (integer_1).
Value ProductLowering::buildScalarRescale(OpBuilder &b, Location loc,
                                          ValueRange arguments,
                                          const RescaleInputs &places) {
  Value sum = arguments[0];
  if (places.correction)
    sum = arith::AddIOp::create(b, loc, sum, arguments[*places.correction]);
  if (places.dataSum) {
    Value lack = arith::MulIOp::create(b, loc, arguments[*places.dataSum],
                                       arguments[*places.weightZero]);
    sum = arith::SubIOp::create(b, loc, sum, lack);
  }
  if (!sum.getType().isF32())
    sum = arith::SIToFPOp::create(b, loc, b.getF32Type(), sum);
  Value result = arith::MulFOp::create(b, loc, sum, arguments[*places.scale]);
  if (places.bias)
    result = arith::AddFOp::create(b, loc, result, arguments[*places.bias]);
  return result;
}

/// Adds what the product starts from, as it is before a broadcast; nothing
/// where that is 0.
std::optional<unsigned> ProductLowering::addBias(RescaleInputs &inputs,
                                                 Value init) {
  if (isZeroTensor(init))
    return std::nullopt;
  MLIRContext *context = init.getContext();
  auto rank = cast<RankedTensorType>(init.getType()).getRank();
  auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast)
    return inputs.add(init, AffineMap::getMultiDimIdentityMap(rank, context));
  SmallVector<AffineExpr> indices;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(broadcast.getDimensions(), dim))
      indices.push_back(getAffineDimExpr(dim, context));
  return inputs.add(broadcast.getInput(),
                    AffineMap::get(rank, 0, indices, context));
}

/// s_x s_w of each channel, rounded once: a product of two numbers of f32 is
/// one of f64.
static Value buildScales(OpBuilder &b, const QuantizedProduct &product) {
  SmallVector<float> scales;
  for (double scale : product.weight.scales)
    scales.push_back(static_cast<float>(product.activation.scales[0] * scale));
  auto type =
      RankedTensorType::get(product.weight.channelShape, b.getF32Type());
  return arith::ConstantOp::create(
      b, product.op->getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(scales)));
}

static bool isAnyNonzero(ArrayRef<int64_t> values) {
  return llvm::any_of(values, [](int64_t value) { return value != 0; });
}

/// The dimensions of a result that index channels.
static AffineMap getChannelMap(const QuantizedWeight &weight, unsigned rank,
                               MLIRContext *context) {
  return AffineMap::get(rank, 0,
                        llvm::map_to_vector(weight.channelDims,
                                            [&](int64_t dim) {
                                              return getAffineDimExpr(dim,
                                                                      context);
                                            }),
                        context);
}

/// Adds what sums of integers lack: products of the zero points (integer_1).
void ProductLowering::addCorrections(const QuantizedProduct &product,
                                     const Operands &operands,
                                     RescaleInputs &inputs) {
  linalg::LinalgOp op = product.op;
  const QuantizedWeight &weight = product.weight;
  AffineMap identity = inputs.maps.front();
  unsigned rank = identity.getNumDims();
  auto add = [&](ArrayRef<int64_t> values) {
    Value constant =
        buildConstant<int32_t>(rewriter, op.getLoc(), weight.channelShape,
                               rewriter.getI32Type(), values);
    return inputs.add(constant,
                      getChannelMap(weight, rank, rewriter.getContext()));
  };
  SmallVector<int64_t> corrections = weight.getSums();
  for (int64_t &correction : corrections)
    correction *= -operands.dataZero;
  if (isAnyNonzero(corrections))
    inputs.correction = add(corrections);
  if (!isAnyNonzero(operands.weightZeros))
    return;
  SmallVector<AffineExpr> indices(identity.getResults());
  for (auto [index, isWeight] :
       llvm::zip_equal(indices, getWeightDims(op, op.getDpsInitOperand(0))))
    if (isWeight)
      index = rewriter.getAffineConstantExpr(0);
  inputs.dataSum =
      inputs.add(buildDataSum(product, operands.data),
                 AffineMap::get(rank, 0, indices, rewriter.getContext()));
  inputs.weightZero = add(operands.weightZeros);
}

Value ProductLowering::buildRescale(const QuantizedProduct &product,
                                    const Operands &operands, Value sum) {
  Location loc = sum.getLoc();
  Value init = linalg::LinalgOp(product.op).getDpsInits()[0];
  unsigned rank = cast<RankedTensorType>(sum.getType()).getRank();
  AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
  RescaleInputs inputs;
  inputs.add(sum, identity);
  addCorrections(product, operands, inputs);
  inputs.scale =
      inputs.add(buildScales(rewriter, product),
                 getChannelMap(product.weight, rank, rewriter.getContext()));
  inputs.bias = addBias(inputs, init);
  inputs.maps.push_back(identity);
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, init),
      rewriter.getF32Type());
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), inputs.values, empty, inputs.maps,
             loops,
             [&](OpBuilder &b, Location l, ValueRange arguments) {
               linalg::YieldOp::create(
                   b, l, buildScalarRescale(b, l, arguments, inputs));
             })
      .getResult(0);
}

LogicalResult ProductLowering::lower(linalg::LinalgOp op) {
  FailureOr<QuantizedProduct> product = matcher.match(op);
  if (failed(product) || failed(checkWidths(*product)) ||
      failed(checkBound(*product)))
    return failure();
  rewriter.setInsertionPoint(op);
  Operands operands = sumsFloats() ? buildFactoredOperands(*product)
                                   : buildIntegerOperands(*product);
  Value sum = buildSum(
      op, operands.data, operands.weight,
      tensor::getMixedSizes(rewriter, op.getLoc(), op.getDpsInits()[0]));
  rewriter.replaceOp(op, buildRescale(*product, operands, sum));
  return success();
}

//===----------------------------------------------------------------------===//
// Sums without a weight
//===----------------------------------------------------------------------===//

/// The elements that each sum of `op` adds; nothing where a size is dynamic.
static std::optional<int64_t> countTerms(linalg::LinalgOp op) {
  int64_t count = 1;
  for (auto [range, kind] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray())) {
    if (kind != utils::IteratorType::reduction)
      continue;
    if (ShapedType::isDynamic(range))
      return std::nullopt;
    count *= range;
  }
  return count;
}

LogicalResult ProductLowering::lowerSum(linalg::LinalgOp op) {
  FailureOr<QuantizedProduct> sum = matcher.matchSum(op);
  std::optional<int64_t> terms = countTerms(op);
  if (failed(sum) || !terms || sum->getSumBound(*terms) > largestExactFloat)
    return failure();
  rewriter.setInsertionPoint(op);
  Value &data = known[sum->dequantized];
  if (!data) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(sum->dequantized);
    data = buildData(*sum, /*offset=*/0);
  }
  Operation *copy = rewriter.clone(*op);
  copy->setOperand(0, buildMoved(*sum, data, rewriter.getF32FloatAttr(0)));
  float scale = sum->activation.scales[0];
  rewriter.setInsertionPointAfter(copy);
  rewriter.replaceOp(
      op, buildOnElements(
              rewriter, op.getLoc(), copy->getResult(0), rewriter.getF32Type(),
              [&](OpBuilder &b, Location l, Value x) -> Value {
                Value factor =
                    arith::ConstantOp::create(b, l, b.getF32FloatAttr(scale));
                return arith::MulFOp::create(b, l, x, factor);
              }));
  return success();
}
