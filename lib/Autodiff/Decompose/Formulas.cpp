// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas that decompositions and derivatives share.

#include "pdq/Autodiff/Decompose/Formulas.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Quantizers
//===----------------------------------------------------------------------===//

QuantizerScalars mlir::pdq::buildQuantizerScalars(ImplicitLocOpBuilder &b,
                                                  Value scale, Value zeroPoint,
                                                  QuantizerAttr quantizer) {
  Type type = scale.getType();
  return {scale, arith::SIToFPOp::create(b, type, zeroPoint),
          buildFloat(b, type, 0), buildFloat(b, type, quantizer.getMaxValue())};
}

Value mlir::pdq::buildClamp(ImplicitLocOpBuilder &b, Value q,
                            const QuantizerScalars &scalars) {
  q = arith::MaximumFOp::create(b, q, scalars.min);
  return arith::MinimumFOp::create(b, q, scalars.max);
}

Value mlir::pdq::buildQuantized(ImplicitLocOpBuilder &b, Value x,
                                const QuantizerScalars &scalars) {
  Value ratio = arith::DivFOp::create(b, x, scalars.scale);
  Value rounded = math::RoundEvenOp::create(b, ratio);
  return arith::AddFOp::create(b, rounded, scalars.zeroPoint);
}

Value mlir::pdq::buildDequantized(ImplicitLocOpBuilder &b, Value q,
                                  const QuantizerScalars &scalars) {
  Value shifted = arith::SubFOp::create(b, q, scalars.zeroPoint);
  return arith::MulFOp::create(b, shifted, scalars.scale);
}

static Value buildBetween(ImplicitLocOpBuilder &b, Value value, Value low,
                          Value high) {
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, value, low);
  Value below =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, value, high);
  return arith::AndIOp::create(b, above, below);
}

Value mlir::pdq::buildInRange(ImplicitLocOpBuilder &b, Value q,
                              const QuantizerScalars &scalars) {
  return buildBetween(b, q, scalars.min, scalars.max);
}

//===----------------------------------------------------------------------===//
// Learned rounding
//===----------------------------------------------------------------------===//

static constexpr double zeta = 1.1, gammaBound = -0.1;

StretchedSigmoid mlir::pdq::buildStretchedSigmoid(ImplicitLocOpBuilder &b,
                                                  Value a) {
  Type type = a.getType();
  Value one = buildFloat(b, type, 1);
  Value width = buildFloat(b, type, zeta - gammaBound);
  Value decay = math::ExpOp::create(b, arith::NegFOp::create(b, a).getResult());
  Value sigmoid = arith::DivFOp::create(
      b, one, arith::AddFOp::create(b, one, decay).getResult());
  Value value =
      arith::AddFOp::create(b, arith::MulFOp::create(b, sigmoid, width),
                            buildFloat(b, type, gammaBound));
  Value rest = arith::SubFOp::create(b, one, sigmoid);
  Value derivative = arith::MulFOp::create(
      b, width, arith::MulFOp::create(b, sigmoid, rest).getResult());
  return {value, derivative};
}

Value mlir::pdq::buildSoftRounding(ImplicitLocOpBuilder &b, Value stretched) {
  Type type = stretched.getType();
  Value bounded =
      arith::MaximumFOp::create(b, stretched, buildFloat(b, type, 0));
  return arith::MinimumFOp::create(b, bounded, buildFloat(b, type, 1));
}

Value mlir::pdq::buildIsInside(ImplicitLocOpBuilder &b, Value stretched) {
  Type type = stretched.getType();
  return buildBetween(b, stretched, buildFloat(b, type, 0),
                      buildFloat(b, type, 1));
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Largest element of each row of [N, K].
static Value buildRowMax(ImplicitLocOpBuilder &b, Value logits) {
  auto type = cast<RankedTensorType>(logits.getType());
  auto elementType = cast<FloatType>(type.getElementType());
  Value lowest = arith::ConstantOp::create(
      b,
      FloatAttr::get(elementType,
                     APFloat::getInf(elementType.getFloatSemantics(), true)));
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), logits);
  Value empty = tensor::EmptyOp::create(b, ArrayRef(sizes).take_front(),
                                        type.getElementType());
  Value init = linalg::FillOp::create(b, lowest, empty).getResult(0);
  SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(2),
                              AffineMap::get(2, 0, b.getAffineDimExpr(0))};
  auto op = linalg::GenericOp::create(
      b, TypeRange{init.getType()}, ValueRange{logits}, ValueRange{init}, maps,
      ArrayRef{utils::IteratorType::parallel, utils::IteratorType::reduction},
      [](OpBuilder &nested, Location loc, ValueRange args) {
        Value max = arith::MaximumFOp::create(nested, loc, args[0], args[1]);
        linalg::YieldOp::create(nested, loc, max);
      });
  return op.getResult(0);
}

Softmax mlir::pdq::buildSoftmax(ImplicitLocOpBuilder &b, Value logits,
                                double temperature) {
  Value max = buildRowMax(b, logits);
  Value shifted = buildElementwise(
      b, logits, {logits, max},
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value difference = arith::SubFOp::create(body, args[0], args[1]);
        return arith::DivFOp::create(
            body, difference,
            buildFloat(body, difference.getType(), temperature));
      },
      /*axis=*/0);
  Value exponentials = buildElementwise(
      b, logits, shifted,
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return math::ExpOp::create(body, args[0]);
      });
  Value sums =
      buildSum(b, logits, {0}, exponentials,
               [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
  return {shifted, exponentials, sums};
}

//===----------------------------------------------------------------------===//
// Distribution correction
//===----------------------------------------------------------------------===//

SampleStatistics mlir::pdq::buildSampleStatistics(ImplicitLocOpBuilder &b,
                                                  Value input, int64_t axis) {
  auto type = cast<RankedTensorType>(input.getType());
  int64_t count =
      type.getNumElements() / (type.getDimSize(0) * type.getDimSize(axis));
  SmallVector<int64_t> kept{0, axis};
  Value sum =
      buildSum(b, input, kept, input,
               [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
  Value mean = buildElementwise(
      b, sum, sum, [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::DivFOp::create(
            body, args[0], buildFloat(body, args[0].getType(), count));
      });
  Value squares =
      buildSum(b, input, kept, {input, mean},
               [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
                 Value difference =
                     arith::SubFOp::create(body, args[0], args[1]);
                 return arith::MulFOp::create(body, difference, difference);
               });
  Value deviation = buildElementwise(
      b, sum, squares,
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Type element = args[0].getType();
        Value variance = arith::DivFOp::create(
            body, args[0], buildFloat(body, element, count - 1));
        return math::SqrtOp::create(
            body, arith::AddFOp::create(body, variance,
                                        buildFloat(body, element, 1e-6))
                      .getResult());
      });
  return {mean, deviation, count};
}
