// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A lowering of quant casts that rounds to nearest even and saturates, since
// upstream's truncates and wraps.

#include "PackedConstants.h"
#include "QuantArithmetic.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Export/Passes.h"
#include "pdq/Support/Constants.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_LOWERQUANT
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// The type `like` (scalar or tensor) with another element type.
static Type withElementType(Type like, Type elementType) {
  if (auto shaped = dyn_cast<ShapedType>(like))
    return shaped.clone(elementType);
  return elementType;
}

/// The storage integers of a quantized value: those it was cast from, where it
/// was, so that a constant is seen.
static Value getStorage(OpBuilder &builder, Location loc, Value quantized,
                        quant::QuantizedType type) {
  if (auto cast = quantized.getDefiningOp<quant::StorageCastOp>())
    return cast.getInput();
  Type storage = withElementType(quantized.getType(), type.getStorageType());
  return quant::StorageCastOp::create(builder, loc, storage, quantized);
}

/// The dequantized elements (quantize_2), computed here in the arithmetic `T`
/// of the expressed type.
template <typename T>
static DenseElementsAttr dequantize(DenseIntElementsAttr integers,
                                    const UniformParameters &parameters) {
  auto type = cast<ShapedType>(
      integers.getType().clone(parameters.type.getExpressedType()));
  SmallVector<APInt> q(integers.getValues<APInt>());
  SmallVector<T> values(q.size());
  bool isSigned = parameters.type.isSigned();
  forEachAlongAxis(type.getShape(), parameters.axis, [&](int64_t i, int64_t c) {
    int64_t integer = isSigned ? q[i].getSExtValue() : q[i].getZExtValue();
    values[i] = static_cast<T>(integer - parameters.zeroPoints[c]) *
                static_cast<T>(parameters.scales[c]);
  });
  return DenseElementsAttr::get(type, ArrayRef<T>(values));
}

/// The value of a dequantized constant, or null where `storage` is none or the
/// expressed type has no host arithmetic.
static DenseElementsAttr foldDequantize(Value storage,
                                        const UniformParameters &parameters) {
  DenseIntElementsAttr integers = readIntegers(storage);
  if (!integers)
    return {};
  if (parameters.type.getExpressedType().isF32())
    return dequantize<float>(integers, parameters);
  if (parameters.type.getExpressedType().isF64())
    return dequantize<double>(integers, parameters);
  return {};
}

namespace {
struct LowerQuant : pdq::impl::LowerQuantBase<LowerQuant> {
  using LowerQuantBase::LowerQuantBase;

  void runOnOperation() override {
    SmallVector<Operation *> casts;
    getOperation()->walk([&](Operation *op) {
      if (isa<quant::QuantizeCastOp, quant::DequantizeCastOp>(op))
        casts.push_back(op);
    });
    // A plain walk: a driver that folds would cancel a `dcast` of a `qcast`
    // before it is lowered, and with it the quantization.
    IRRewriter rewriter(&getContext());
    for (Operation *op : casts)
      if (failed(lower(rewriter, op)))
        return signalPassFailure();
    numLowered = casts.size();
    eraseDeadCasts(rewriter);
  }

  LogicalResult lower(IRRewriter &rewriter, Operation *op) {
    auto qcast = dyn_cast<quant::QuantizeCastOp>(op);
    auto dcast = dyn_cast<quant::DequantizeCastOp>(op);
    auto type = qcast ? qcast.getQuantizedType() : dcast.getQuantizedType();
    if (isa<UnrankedTensorType>(op->getOperand(0).getType()))
      return op->emitOpError(
          "of an unranked tensor cannot be lowered, expected "
          "a scalar or a ranked tensor");
    FailureOr<UniformParameters> parameters =
        getUniformParameters(type, [&] { return op->emitOpError(); });
    if (failed(parameters))
      return failure();
    rewriter.setInsertionPoint(op);
    rewriter.replaceOp(op, qcast
                               ? lowerQuantize(rewriter, qcast, *parameters)
                               : lowerDequantize(rewriter, dcast, *parameters));
    return success();
  }

  Value lowerQuantize(IRRewriter &rewriter, quant::QuantizeCastOp op,
                      const UniformParameters &parameters) {
    Value integers =
        buildQuantize(rewriter, op.getLoc(), op.getInput(), parameters);
    return quant::StorageCastOp::create(rewriter, op.getLoc(), op.getType(),
                                        integers);
  }

  Value lowerDequantize(IRRewriter &rewriter, quant::DequantizeCastOp op,
                        const UniformParameters &parameters) {
    Value storage =
        getStorage(rewriter, op.getLoc(), op.getInput(), parameters.type);
    if (foldConstants)
      if (DenseElementsAttr value = foldDequantize(storage, parameters))
        return arith::ConstantOp::create(rewriter, op.getLoc(), value);
    return buildDequantize(rewriter, op.getLoc(), storage, parameters);
  }

  /// Storage casts that only fed lowered casts have no user any more.
  void eraseDeadCasts(IRRewriter &rewriter) {
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>(
        [&](quant::StorageCastOp op) {
          if (op.use_empty())
            rewriter.eraseOp(op);
        });
  }
};
} // namespace
