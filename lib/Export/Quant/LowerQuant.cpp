// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A lowering of quant casts that rounds to nearest even and saturates, since
// upstream's truncates and wraps.

#include "LowerProducts.h"
#include "QuantArithmetic.h"
#include "StorageIntegers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Export/Constants/PackedConstants.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Layers/Structure.h"
#include "pdq/Support/Constants.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_LOWERQUANT
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

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
    IRRewriter rewriter(&getContext());
    StorageIntegers integers(rewriter, storage);
    // Products read the integers that a `qcast` computes, in place of `dcast`s.
    if (failed(lowerAll<quant::QuantizeCastOp>(rewriter, integers)))
      return signalPassFailure();
    lowerProducts(rewriter, integers);
    if (failed(lowerAll<quant::DequantizeCastOp>(rewriter, integers)))
      return signalPassFailure();
    eraseDead(rewriter);
    integers.remarkNarrow(getOperation());
  }

  /// A plain walk: a driver that folds would cancel a `dcast` of a `qcast`
  /// before it is lowered, and with it the quantization.
  template <typename CastOp>
  LogicalResult lowerAll(IRRewriter &rewriter, StorageIntegers &integers) {
    SmallVector<Operation *> casts;
    getOperation()->walk([&](CastOp op) { casts.push_back(op); });
    for (Operation *op : casts)
      if (failed(lower(rewriter, integers, op)))
        return failure();
    numLowered += casts.size();
    return success();
  }

  /// What the option says, or the module.
  ProductArithmetic getArithmetic() {
    switch (products) {
    case LoweredProducts::AsCalibrated:
      return getProductArithmetic(getOperation());
    case LoweredProducts::Float:
      return ProductArithmetic::Float;
    case LoweredProducts::Factored:
      return ProductArithmetic::Factored;
    case LoweredProducts::Integer:
      return ProductArithmetic::Integer;
    }
    llvm_unreachable("unknown arithmetic of products");
  }

  void lowerProducts(IRRewriter &rewriter, StorageIntegers &integers) {
    ProductArithmetic arithmetic = getArithmetic();
    if (arithmetic == ProductArithmetic::Float)
      return;
    SmallVector<linalg::LinalgOp> found;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureTensorSemantics())
        found.push_back(op);
    });
    ProductLowering lowering(rewriter, integers, ProductMatcher(remarks),
                             arithmetic, foldConstants);
    // On numbers of f32 also beside integers: only they are averaged.
    ProductLowering sums(rewriter, integers,
                         ProductMatcher(ProductRemarks::None),
                         ProductArithmetic::Factored, foldConstants);
    for (linalg::LinalgOp op : found)
      if (succeeded(isMultiplyAccumulate(op) ? lowering.lower(op)
                                             : sums.lowerSum(op)))
        ++numProducts;
  }

  LogicalResult lower(IRRewriter &rewriter, StorageIntegers &integers,
                      Operation *op) {
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
    rewriter.replaceOp(
        op, qcast ? lowerQuantize(rewriter, qcast, *parameters)
                  : lowerDequantize(rewriter, integers, dcast, *parameters));
    return success();
  }

  Value lowerQuantize(IRRewriter &rewriter, quant::QuantizeCastOp op,
                      const UniformParameters &parameters) {
    Value integers =
        buildQuantize(rewriter, op.getLoc(), op.getInput(), parameters);
    return quant::StorageCastOp::create(rewriter, op.getLoc(), op.getType(),
                                        integers);
  }

  Value lowerDequantize(IRRewriter &rewriter, StorageIntegers &integers,
                        quant::DequantizeCastOp op,
                        const UniformParameters &parameters) {
    Value input = integers.get(op.getLoc(), op.getInput(), parameters.type);
    if (foldConstants)
      if (DenseElementsAttr value = foldDequantize(input, parameters))
        return arith::ConstantOp::create(rewriter, op.getLoc(), value);
    return buildDequantize(rewriter, op.getLoc(), input, parameters);
  }

  /// Storage casts that only fed lowered casts have no user any more; nor has,
  /// where products or storage changed, what they computed before.
  void eraseDead(IRRewriter &rewriter) {
    bool changed = getArithmetic() != ProductArithmetic::Float ||
                   storage != IntegerStorage::Native;
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>(
        [&](Operation *op) {
          if (op == getOperation())
            return;
          if (isa<quant::StorageCastOp>(op) ? op->use_empty()
                                            : changed && isOpTriviallyDead(op))
            rewriter.eraseOp(op);
        });
  }
};
} // namespace
