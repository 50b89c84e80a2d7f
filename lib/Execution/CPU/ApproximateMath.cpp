// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transcendental functions as arithmetic, so that they vectorize and give the
// same bits on every CPU.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Execution/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "pdq/Execution/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Builds float arithmetic on values of one type, scalar or vector.
class FloatMath {
public:
  FloatMath(ImplicitLocOpBuilder &b, Type type) : b(b), type(type) {}

  Value constant(double value) {
    Attribute element = b.getFloatAttr(getElementTypeOrSelf(type), value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      element = DenseElementsAttr::get(shaped, element);
    return arith::ConstantOp::create(b, cast<TypedAttr>(element));
  }
  Value compare(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpFOp::create(b, predicate, lhs, rhs);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }

private:
  ImplicitLocOpBuilder &b;
  Type type;
};

/// powf(x, y) = exp(y log |x|) with the special cases of the C function.
struct ExpandPow : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "element type is not f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FloatMath m(b, op.getType());
    using P = arith::CmpFPredicate;
    Value x = op.getLhs(), y = op.getRhs();
    Value zero = m.constant(0), one = m.constant(1);
    Value magnitude = math::AbsFOp::create(b, x);
    Value power = math::ExpOp::create(
        b, arith::MulFOp::create(b, y, math::LogOp::create(b, magnitude)));
    // Signs of negative bases: odd exponents keep it, fractions have no power.
    Value half = arith::MulFOp::create(b, y, m.constant(0.5));
    Value isInteger = m.compare(P::OEQ, math::FloorOp::create(b, y), y);
    Value isEven = m.compare(P::OEQ, math::FloorOp::create(b, half), half);
    Value signedPower =
        m.select(isEven, power, arith::NegFOp::create(b, power));
    Value ofNegative =
        m.select(isInteger, signedPower, m.constant(std::nan("")));
    Value result = m.select(m.compare(P::OLT, x, zero), ofNegative, power);
    // The base 0, whose logarithm no polynomial gives.
    Value ofZero =
        m.select(m.compare(P::OGT, y, zero), zero, m.constant(INFINITY));
    result = m.select(m.compare(P::OEQ, x, zero), ofZero, result);
    result = m.select(m.compare(P::OEQ, y, zero), one, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// fpowi(x, n) = powf(x, n) where n is no constant: LLVM has no instruction for
/// vectors of exponents.
struct ConvertFPowI : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FPowIOp op,
                                PatternRewriter &rewriter) const override {
    if (matchPattern(op.getRhs(), mlir::m_Constant()))
      return rewriter.notifyMatchFailure(op, "becomes multiplications");
    Value exponent = arith::SIToFPOp::create(rewriter, op.getLoc(),
                                             op.getType(), op.getRhs());
    rewriter.replaceOpWithNewOp<math::PowFOp>(op, op.getLhs(), exponent);
    return success();
  }
};

/// Keeps the fused operations of the user out of reach of `SplitFMA`.
struct ProtectFMA : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    // Not vector.fma, which may be rounded twice.
    rewriter.replaceOpWithNewOp<LLVM::FMAOp>(op, op.getType(), op.getA(),
                                             op.getB(), op.getC());
    return success();
  }
};

/// Rounds twice: the fused operations of the approximations would be calls of
/// the C library on CPUs without them, or other bits.
struct SplitFMA : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

struct ApproximateMath : mlir::pdq::impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet protect(context), expand(context), split(context);
    protect.add<ProtectFMA>(context);
    expand.add<ConvertFPowI, ExpandPow>(context);
    math::populateExpansionPatterns(expand, {"fpowi"});
    populateMathPolynomialApproximationPatterns(expand, [](StringRef name) {
      return llvm::is_contained(
          {"math.exp", "math.log", "math.log2", "math.log1p", "math.expm1",
           "math.tanh", "math.erf", "math.erfc", "math.sin", "math.cos",
           "math.atan", "math.atan2", "math.asin", "math.acos", "math.cbrt"},
          name);
    });
    split.add<SplitFMA>(context);
    for (RewritePatternSet *patterns : {&protect, &expand, &split})
      if (failed(applyPatternsGreedily(getOperation(), std::move(*patterns))))
        return signalPassFailure();
  }
};
} // namespace
