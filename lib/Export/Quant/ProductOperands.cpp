// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of products that are computed on integers (integer_1).

#include "LowerProducts.h"
#include "ProductTensors.h"
#include "UnitScale.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

Value mlir::pdq::buildFilled(OpBuilder &b, Location loc, Value like,
                             TypedAttr value) {
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, like), value.getType());
  Value scalar = arith::ConstantOp::create(b, loc, value);
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// The data as integers of i8, each less `offset`, or q - z in f32.
Value ProductLowering::buildData(const QuantizedProduct &product,
                                 int64_t offset) {
  auto dcast = product.dequantized.getDefiningOp<quant::DequantizeCastOp>();
  Location loc = dcast.getLoc();
  quant::QuantizedType type = product.activationType;
  if (sumsFloats()) {
    Value storage = integers.get(loc, dcast.getInput(), type);
    if (arithmetic == ProductArithmetic::UnitScale)
      return buildUnitScaleData(rewriter, loc, storage, product);
    return buildCentered(rewriter, loc, storage, product.activation);
  }
  Value data = integers.getI8(loc, dcast.getInput(), type);
  if (offset == 0)
    return data;
  // q - 128 of an unsigned byte is a signed one.
  return buildOnElements(rewriter, loc, data, rewriter.getI8Type(),
                         [](OpBuilder &b, Location l, Value q) -> Value {
                           Value flip = arith::ConstantOp::create(
                               b, l, b.getI8IntegerAttr(-128));
                           return arith::XOrIOp::create(b, l, q, flip);
                         });
}

/// A copy of an operation that moves elements, on `source`, with `zero` where
/// there are zeros.
Value ProductLowering::buildMove(Operation *move, Value source,
                                 TypedAttr zero) {
  Location loc = move->getLoc();
  auto type = cast<RankedTensorType>(
      cast<RankedTensorType>(move->getResult(0).getType())
          .clone(zero.getType()));
  if (auto pad = dyn_cast<tensor::PadOp>(move)) {
    Value scalar = arith::ConstantOp::create(rewriter, loc, zero);
    return tensor::PadOp::create(rewriter, loc, type, source,
                                 pad.getMixedLowPad(), pad.getMixedHighPad(),
                                 scalar, pad.getNofold());
  }
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(move)) {
    Value filled = buildFilled(rewriter, loc, insert.getDest(), zero);
    return tensor::InsertSliceOp::create(
        rewriter, loc, source, filled, insert.getMixedOffsets(),
        insert.getMixedSizes(), insert.getMixedStrides());
  }
  Operation *copy = rewriter.clone(*move);
  copy->setOperand(0, source);
  copy->getResult(0).setType(type);
  if (isa<linalg::LinalgOp>(copy)) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(copy);
    Value empty = tensor::EmptyOp::create(
        rewriter, loc,
        tensor::getMixedSizes(rewriter, loc, move->getOperand(1)),
        zero.getType());
    copy->setOperand(1, empty);
    for (BlockArgument argument : copy->getRegion(0).getArguments())
      argument.setType(zero.getType());
  }
  return copy->getResult(0);
}

/// The data of a product, moved as the product reads it; `zero` stands for 0.
Value ProductLowering::buildMoved(const QuantizedProduct &product, Value data,
                                  TypedAttr zero) {
  for (Operation *move : llvm::reverse(product.moves)) {
    Value &moved = known[move->getResult(0)];
    if (!moved) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointAfter(move);
      moved = buildMove(move, data, zero);
    }
    data = moved;
  }
  return data;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

static bool fitsI8(ArrayRef<int64_t> values) {
  return llvm::all_of(values, [](int64_t v) { return llvm::isInt<8>(v); });
}

/// q - z in f32: a constant, or a conversion of the smallest integers.
Value ProductLowering::buildFactoredWeight(const QuantizedProduct &product) {
  Location loc = product.op->getLoc();
  const QuantizedWeight &weight = product.weight;
  Type f32 = rewriter.getF32Type();
  if (arithmetic == ProductArithmetic::UnitScale)
    return buildUnitScaleWeight(rewriter, product);
  if (foldConstants)
    return buildConstant<float>(rewriter, loc, weight.shape, f32,
                                weight.centered);
  Value narrow =
      fitsI8(weight.centered)
          ? buildConstant<int8_t>(rewriter, loc, weight.shape,
                                  rewriter.getI8Type(), weight.centered)
          : buildConstant<int32_t>(rewriter, loc, weight.shape,
                                   rewriter.getI32Type(), weight.centered);
  return buildOnElements(rewriter, loc, narrow, f32,
                         [&](OpBuilder &b, Location l, Value q) -> Value {
                           return arith::SIToFPOp::create(b, l, f32, q);
                         });
}

ProductLowering::Operands
ProductLowering::buildFactoredOperands(const QuantizedProduct &product) {
  Operands operands;
  Value &data = known[product.dequantized];
  if (!data) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(product.dequantized);
    data = buildData(product, /*offset=*/0);
  }
  operands.data = buildMoved(product, data, rewriter.getF32FloatAttr(0));
  operands.weight = buildFactoredWeight(product);
  operands.weightZeros.assign(product.weight.getNumChannels(), 0);
  return operands;
}

ProductLowering::Operands
ProductLowering::buildIntegerOperands(const QuantizedProduct &product) {
  Operands operands;
  quant::QuantizedType type = product.activationType;
  bool isByte = !type.isSigned() && type.getStorageTypeIntegralWidth() == 8;
  int64_t offset = isByte ? 128 : 0;
  operands.dataZero = product.activation.zeroPoints[0] - offset;
  Value &data = known[product.dequantized];
  if (!data) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(product.dequantized);
    data = buildData(product, offset);
  }
  operands.data =
      buildMoved(product, data, rewriter.getI8IntegerAttr(operands.dataZero));
  const QuantizedWeight &weight = product.weight;
  SmallVector<int64_t> elements = weight.centered;
  operands.weightZeros.assign(weight.getNumChannels(), 0);
  if (!fitsI8(elements)) {
    int64_t weightOffset = weight.isSigned ? 0 : 128;
    for (auto [zero, zeroPoint] :
         llvm::zip_equal(operands.weightZeros, weight.zeroPoints))
      zero = zeroPoint - weightOffset;
    for (auto [element, channel] : llvm::zip_equal(elements, weight.channels))
      element += operands.weightZeros[channel];
  }
  operands.weight =
      buildConstant<int8_t>(rewriter, product.op->getLoc(), weight.shape,
                            rewriter.getI8Type(), elements);
  return operands;
}
