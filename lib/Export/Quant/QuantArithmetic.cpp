// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantization arithmetic on scalars, and its extension to tensors.

#include "QuantArithmetic.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// Checks what the dialect does not: upstream accepts any zero point, and float
/// arithmetic is exact only on integers of the significand's width.
static LogicalResult
checkParameters(const UniformParameters &parameters,
                function_ref<InFlightDiagnostic()> emitError) {
  int64_t min = parameters.type.getStorageTypeMin();
  int64_t max = parameters.type.getStorageTypeMax();
  for (int64_t zeroPoint : parameters.zeroPoints)
    if (zeroPoint < min || zeroPoint > max)
      return emitError() << "zero point " << zeroPoint
                         << " is outside of the storage range " << min << " to "
                         << max;
  auto expressed = cast<FloatType>(parameters.type.getExpressedType());
  int64_t exact = int64_t(1) << expressed.getFPMantissaWidth();
  if (max > exact || min < -exact)
    return emitError() << "storage range " << min << " to " << max
                       << " exceeds the integers that " << expressed
                       << " represents exactly, -" << exact << " to " << exact;
  return success();
}

FailureOr<UniformParameters>
pdq::getUniformParameters(quant::QuantizedType type,
                          function_ref<InFlightDiagnostic()> emitError) {
  UniformParameters result;
  result.type = type;
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type)) {
    result.scales = {uniform.getScale()};
    result.zeroPoints = {uniform.getZeroPoint()};
  } else if (auto perAxis =
                 dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    result.scales = SmallVector<double>(perAxis.getScales());
    result.zeroPoints = SmallVector<int64_t>(perAxis.getZeroPoints());
    result.axis = perAxis.getQuantizedDimension();
  } else {
    return emitError() << "type " << type
                       << " is neither per-tensor nor per-axis uniform";
  }
  if (failed(checkParameters(result, emitError)))
    return failure();
  return result;
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

static Value buildFloat(OpBuilder &b, Location loc, Type type, double value) {
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
}

/// One element of `buildQuantize`. The order of the operations is that of
/// quantize_1: the zero point is added after rounding, and the clamp comes
/// before the conversion, whose result is undefined out of range.
static Value buildScalarQuantize(OpBuilder &b, Location loc, Value x,
                                 Value scale, Value zeroPoint,
                                 quant::QuantizedType quantized) {
  Type type = x.getType();
  Value q = arith::DivFOp::create(b, loc, x, scale);
  q = math::RoundEvenOp::create(b, loc, q);
  q = arith::AddFOp::create(b, loc, q, zeroPoint);
  Value min = buildFloat(b, loc, type, quantized.getStorageTypeMin());
  q = arith::MaxNumFOp::create(b, loc, q, min);
  Value max = buildFloat(b, loc, type, quantized.getStorageTypeMax());
  q = arith::MinNumFOp::create(b, loc, q, max);
  Type storage = quantized.getStorageType();
  if (quantized.isSigned())
    return arith::FPToSIOp::create(b, loc, storage, q);
  return arith::FPToUIOp::create(b, loc, storage, q);
}

/// One element of `buildCentered`.
static Value buildScalarCentered(OpBuilder &b, Location loc, Value q,
                                 Value /*scale*/, Value zeroPoint,
                                 quant::QuantizedType quantized) {
  Type type = quantized.getExpressedType();
  Value x = quantized.isSigned()
                ? arith::SIToFPOp::create(b, loc, type, q).getResult()
                : arith::UIToFPOp::create(b, loc, type, q).getResult();
  return arith::SubFOp::create(b, loc, x, zeroPoint);
}

/// One element of `buildDequantize`.
static Value buildScalarDequantize(OpBuilder &b, Location loc, Value q,
                                   Value scale, Value zeroPoint,
                                   quant::QuantizedType quantized) {
  Value x = buildScalarCentered(b, loc, q, scale, zeroPoint, quantized);
  return arith::MulFOp::create(b, loc, x, scale);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

using ScalarBuilder = Value (*)(OpBuilder &, Location, Value, Value, Value,
                                quant::QuantizedType);

/// A rank 1 constant of `type` elements.
static Value buildVector(OpBuilder &b, Location loc, Type type,
                         ArrayRef<double> values) {
  SmallVector<Attribute> attributes;
  for (double value : values)
    attributes.push_back(b.getFloatAttr(type, value));
  auto tensorType =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, type);
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(tensorType, attributes));
}

/// Applies `buildScalar` to every element of a tensor. Per-axis parameters are
/// operands that are broadcast along the axis; one pair stands in the body.
static Value buildElementwise(OpBuilder &b, Location loc, Value input,
                              Type elementType, const UniformParameters &p,
                              ScalarBuilder buildScalar) {
  auto type = cast<RankedTensorType>(input.getType());
  Type expressed = p.type.getExpressedType();
  SmallVector<double> zeroPoints(p.zeroPoints.begin(), p.zeroPoints.end());
  SmallVector<Value> inputs = {input};
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps = {identity};
  if (p.axis) {
    inputs.push_back(buildVector(b, loc, expressed, p.scales));
    inputs.push_back(buildVector(b, loc, expressed, zeroPoints));
    maps.append(2,
                AffineMap::get(type.getRank(), 0, b.getAffineDimExpr(*p.axis)));
  }
  maps.push_back(identity);
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, input), elementType);
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, loc, empty.getType(), inputs, empty, maps, iterators,
      [&](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
        Value scale = p.axis
                          ? arguments[1]
                          : buildFloat(body, bodyLoc, expressed, p.scales[0]);
        Value zeroPoint =
            p.axis ? arguments[2]
                   : buildFloat(body, bodyLoc, expressed, zeroPoints[0]);
        linalg::YieldOp::create(
            body, bodyLoc,
            buildScalar(body, bodyLoc, arguments[0], scale, zeroPoint, p.type));
      });
  return generic.getResult(0);
}

/// A scalar or a tensor.
static Value buildAnyShape(OpBuilder &b, Location loc, Value input,
                           Type elementType, const UniformParameters &p,
                           ScalarBuilder buildScalar) {
  if (isa<RankedTensorType>(input.getType()))
    return buildElementwise(b, loc, input, elementType, p, buildScalar);
  Type expressed = p.type.getExpressedType();
  Value scale = buildFloat(b, loc, expressed, p.scales[0]);
  Value zeroPoint = buildFloat(b, loc, expressed, p.zeroPoints[0]);
  return buildScalar(b, loc, input, scale, zeroPoint, p.type);
}

Value pdq::buildQuantize(OpBuilder &builder, Location loc, Value input,
                         const UniformParameters &parameters) {
  return buildAnyShape(builder, loc, input, parameters.type.getStorageType(),
                       parameters, buildScalarQuantize);
}

Value pdq::buildDequantize(OpBuilder &builder, Location loc, Value input,
                           const UniformParameters &parameters) {
  return buildAnyShape(builder, loc, input, parameters.type.getExpressedType(),
                       parameters, buildScalarDequantize);
}

Value pdq::buildCentered(OpBuilder &builder, Location loc, Value input,
                         const UniformParameters &parameters) {
  return buildAnyShape(builder, loc, input, parameters.type.getExpressedType(),
                       parameters, buildScalarCentered);
}
