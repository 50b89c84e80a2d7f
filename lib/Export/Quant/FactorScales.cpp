// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of quantized tensors whose scales come behind the sum, in the quant
// dialect still: what formats with quantized types of their own are made from.

#include "LowerProducts.h"
#include "UnitScale.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Network/Layers/Structure.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_FACTORSCALES
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// A `dcast` of integers of `type`.
static Value buildDequantized(OpBuilder &b, Location loc, Value storage,
                              quant::QuantizedType type) {
  auto shaped = cast<ShapedType>(storage.getType());
  Value quantized =
      quant::StorageCastOp::create(b, loc, shaped.clone(Type(type)), storage);
  return quant::DequantizeCastOp::create(
      b, loc, shaped.clone(type.getExpressedType()), quantized);
}

Value mlir::pdq::buildUnitScaleData(OpBuilder &builder, Location loc,
                                    Value storage,
                                    const QuantizedProduct &product) {
  quant::QuantizedType type = product.activationType;
  return buildDequantized(
      builder, loc, storage,
      quant::UniformQuantizedType::get(
          type.getFlags(), type.getStorageType(), type.getExpressedType(),
          /*scale=*/1.0, product.activation.zeroPoints[0],
          type.getStorageTypeMin(), type.getStorageTypeMax()));
}

namespace {
/// Integers of `width` bits; per-axis where there is an axis.
struct UnitScaleType {
  unsigned width;
  bool isSigned;
  SmallVector<int64_t> zeroPoints;
  std::optional<int32_t> axis;

  quant::QuantizedType get(MLIRContext *context) const;
};
} // namespace

quant::QuantizedType UnitScaleType::get(MLIRContext *context) const {
  Type storage = IntegerType::get(context, width);
  Type expressed = Float32Type::get(context);
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  int64_t min =
      quant::QuantizedType::getDefaultMinimumForInteger(isSigned, width);
  int64_t max =
      quant::QuantizedType::getDefaultMaximumForInteger(isSigned, width);
  if (!axis)
    return quant::UniformQuantizedType::get(flags, storage, expressed, 1.0,
                                            zeroPoints[0], min, max);
  SmallVector<double> scales(zeroPoints.size(), 1.0);
  return quant::UniformQuantizedPerAxisType::get(
      flags, storage, expressed, scales, zeroPoints, *axis, min, max);
}

/// The type of the integers of a weight. The first dimensions of the constant
/// are one, the axis, where several of them index channels.
static UnitScaleType getWeightType(const QuantizedProduct &product) {
  const QuantizedWeight &weight = product.weight;
  UnitScaleType type{weight.storageWidth, weight.isSigned, weight.zeroPoints,
                     std::nullopt};
  if (llvm::all_equal(weight.zeroPoints))
    return type;
  SmallVector<int64_t> dims = getWeightChannelDims(product.op);
  if (dims.size() == 1)
    type.axis = dims.front();
  else if (llvm::equal(dims, llvm::seq<int64_t>(0, dims.size())))
    type.axis = 0;
  else
    // q - z is at most one bit longer than q.
    type = {weight.getMaxMagnitude() < 128 ? 8u : 16u, true, {0}, std::nullopt};
  return type;
}

Value mlir::pdq::buildUnitScaleWeight(OpBuilder &builder,
                                      const QuantizedProduct &product) {
  const QuantizedWeight &weight = product.weight;
  Location loc = product.op->getLoc();
  UnitScaleType type = getWeightType(product);
  bool isCentered = type.zeroPoints.size() == 1 && type.zeroPoints[0] == 0;
  SmallVector<APInt> elements;
  for (auto [integer, channel] :
       llvm::zip_equal(weight.centered, weight.channels))
    elements.emplace_back(
        type.width, integer + (isCentered ? 0 : weight.zeroPoints[channel]),
        type.isSigned);
  SmallVector<int64_t> shape = weight.shape;
  SmallVector<ReassociationIndices> groups;
  if (type.axis == 0 && weight.channelShape.size() > 1) {
    int64_t merged = weight.channelShape.size();
    groups = {llvm::to_vector(llvm::seq<int64_t>(0, merged))};
    for (int64_t dim = merged, e = shape.size(); dim < e; ++dim)
      groups.push_back({dim});
    shape.erase(shape.begin(), shape.begin() + merged);
    shape.insert(shape.begin(), weight.getNumChannels());
  }
  auto storageType =
      RankedTensorType::get(shape, builder.getIntegerType(type.width));
  Value storage = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(storageType, elements));
  Value value =
      buildDequantized(builder, loc, storage, type.get(builder.getContext()));
  if (groups.empty())
    return value;
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(weight.shape, builder.getF32Type()),
      value, groups);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Replaces a `qcast` by the arithmetic that computes its integers.
static LogicalResult lowerQuantize(IRRewriter &rewriter,
                                   quant::QuantizeCastOp op) {
  FailureOr<UniformParameters> parameters = getUniformParameters(
      op.getQuantizedType(), [&] { return op.emitOpError(); });
  if (failed(parameters))
    return failure();
  rewriter.setInsertionPoint(op);
  Value integers =
      buildQuantize(rewriter, op.getLoc(), op.getInput(), *parameters);
  rewriter.replaceOpWithNewOp<quant::StorageCastOp>(op, op.getType(), integers);
  return success();
}

namespace {
struct FactorScales : pdq::impl::FactorScalesBase<FactorScales> {
  using FactorScalesBase::FactorScalesBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Products read the integers that a `qcast` computes.
    SmallVector<quant::QuantizeCastOp> quantizers;
    getOperation()->walk(
        [&](quant::QuantizeCastOp op) { quantizers.push_back(op); });
    for (quant::QuantizeCastOp op : quantizers)
      if (failed(lowerQuantize(rewriter, op)))
        return signalPassFailure();
    StorageIntegers integers(rewriter, IntegerStorage::Native);
    ProductLowering lowering(rewriter, integers, ProductMatcher(remarks),
                             ProductArithmetic::UnitScale,
                             /*foldConstants=*/false);
    SmallVector<linalg::LinalgOp> products;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureTensorSemantics())
        products.push_back(op);
    });
    ProductLowering sums(rewriter, integers,
                         ProductMatcher(ProductRemarks::None),
                         ProductArithmetic::UnitScale, /*foldConstants=*/false);
    for (linalg::LinalgOp op : products)
      if (succeeded(isMultiplyAccumulate(op) ? lowering.lower(op)
                                             : sums.lowerSum(op)))
        ++numFactored;
  }
};
} // namespace
