// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The integers of quantized values.

#include "StorageIntegers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// The type `like` (scalar or tensor) with another element type.
static Type withElementType(Type like, Type elementType) {
  if (auto shaped = dyn_cast<ShapedType>(like))
    return shaped.clone(elementType);
  return elementType;
}

static bool isNarrow(Type type) {
  return cast<IntegerType>(getElementTypeOrSelf(type)).getWidth() < 8;
}

Value mlir::pdq::buildOnElements(
    OpBuilder &builder, Location loc, Value input, Type elementType,
    function_ref<Value(OpBuilder &, Location, Value)> build) {
  auto type = dyn_cast<RankedTensorType>(input.getType());
  if (!type)
    return build(builder, loc, input);
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, input), elementType);
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), input, empty, maps, iterators,
             [&](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
               linalg::YieldOp::create(body, bodyLoc,
                                       build(body, bodyLoc, arguments[0]));
             })
      .getResult(0);
}

/// Narrow integers extended to i8.
static Value buildExtension(OpBuilder &builder, Location loc, Value integers,
                            bool isSigned) {
  Type i8 = builder.getI8Type();
  return buildOnElements(builder, loc, integers, i8,
                         [&](OpBuilder &b, Location l, Value q) -> Value {
                           if (isSigned)
                             return arith::ExtSIOp::create(b, l, i8, q);
                           return arith::ExtUIOp::create(b, l, i8, q);
                         });
}

Value StorageIntegers::get(Location loc, Value quantized,
                           quant::QuantizedType type) {
  Value integers;
  if (auto cast = quantized.getDefiningOp<quant::StorageCastOp>())
    integers = cast.getInput();
  else
    integers = quant::StorageCastOp::create(
        rewriter, loc,
        withElementType(quantized.getType(), type.getStorageType()), quantized);
  if (storage == IntegerStorage::Native || !isNarrow(integers.getType()))
    return integers;
  return widen(loc, integers, type.isSigned());
}

Value StorageIntegers::getI8(Location loc, Value quantized,
                             quant::QuantizedType type) {
  Value integers = get(loc, quantized, type);
  if (!isNarrow(integers.getType()))
    return integers;
  return buildExtension(rewriter, loc, integers, type.isSigned());
}

//===----------------------------------------------------------------------===//
// Storage in i8
//===----------------------------------------------------------------------===//

/// A copy of a conversion of a floating point number, to i8; null where `op` is
/// none. Within the range of the narrow type both give the same integer.
static Value buildConversionToI8(OpBuilder &b, Operation *op, Value input) {
  if (isa_and_nonnull<arith::FPToUIOp>(op))
    return arith::FPToUIOp::create(b, op->getLoc(), b.getI8Type(), input);
  if (isa_and_nonnull<arith::FPToSIOp>(op))
    return arith::FPToSIOp::create(b, op->getLoc(), b.getI8Type(), input);
  return {};
}

/// A copy of a structured operation whose one result, a converted floating
/// point number, is i8; null where it is another operation.
static Value buildStructuredToI8(IRRewriter &rewriter, linalg::GenericOp op) {
  if (!op || op->getNumResults() != 1 ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)))
    return {};
  Operation *conversion =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::FPToUIOp, arith::FPToSIOp>(conversion) ||
      conversion->getBlock() != op.getBlock())
    return {};
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Type i8 = rewriter.getI8Type();
  Value init = op.getDpsInits()[0];
  Value empty = tensor::EmptyOp::create(
      rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), init),
      i8);
  auto copy = cast<linalg::GenericOp>(rewriter.clone(*op));
  copy.getDpsInitsMutable().assign(empty);
  copy->getResult(0).setType(
      cast<ShapedType>(op->getResult(0).getType()).clone(i8));
  Block &block = *copy.getBlock();
  block.getArguments().back().setType(i8);
  Operation *yield = block.getTerminator();
  Operation *narrow = yield->getOperand(0).getDefiningOp();
  rewriter.setInsertionPoint(narrow);
  yield->setOperand(
      0, buildConversionToI8(rewriter, narrow, narrow->getOperand(0)));
  if (narrow->use_empty())
    rewriter.eraseOp(narrow);
  return copy->getResult(0);
}

Value StorageIntegers::widenWhereMade(Value integers, bool isSigned) {
  Operation *op = integers.getDefiningOp();
  DenseIntElementsAttr constant;
  if (op && matchPattern(integers, m_Constant(&constant))) {
    SmallVector<int8_t> values;
    for (const APInt &q : constant.getValues<APInt>())
      values.push_back(isSigned ? q.getSExtValue() : q.getZExtValue());
    auto type = constant.getType().clone(rewriter.getI8Type());
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    return arith::ConstantOp::create(
        rewriter, op->getLoc(),
        DenseElementsAttr::get(cast<ShapedType>(type),
                               ArrayRef<int8_t>(values)));
  }
  if (isa_and_nonnull<arith::FPToUIOp, arith::FPToSIOp>(op)) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    return buildConversionToI8(rewriter, op, op->getOperand(0));
  }
  return buildStructuredToI8(rewriter, dyn_cast_or_null<linalg::GenericOp>(op));
}

Value StorageIntegers::widen(Location loc, Value integers, bool isSigned) {
  if (Value known = widened.lookup(integers))
    return known;
  if (Value made = widenWhereMade(integers, isSigned))
    return widened[integers] = made;
  return buildExtension(rewriter, loc, integers, isSigned);
}

void StorageIntegers::remarkNarrow(Operation *root) {
  if (storage == IntegerStorage::Native)
    return;
  root->walk([&](quant::StorageCastOp op) {
    for (Type type : {op.getInput().getType(), op.getType()}) {
      auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
      if (integer && integer.getWidth() < 8)
        op->emitRemark("integers stay ")
            << integer << ": their quantized value is an argument, a result or "
            << "an operand of something else than a 'quant.dcast'";
    }
  });
}
