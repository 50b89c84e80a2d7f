// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Powers and the cubic root, with the special cases of the C functions; but a
// base of -0 counts as 0.

#include "FloatMath.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// powf(x, y) = exp(y log |x|) with the special cases of the C function, except
/// the sign of powers of -0.
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
    // 1 for infinite exponents, too.
    power = m.select(m.compare(P::OEQ, magnitude, one), one, power);
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
    result = m.select(m.compare(P::UNO, y, y), y, result);
    // 1 whatever the other operand is, NaN too.
    Value isOne = arith::OrIOp::create(b, m.compare(P::OEQ, y, zero),
                                       m.compare(P::OEQ, x, one));
    result = m.select(isOne, one, result);
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
} // namespace

/// A first root, 5 % off: a third of the exponent, by a third of the bits.
static Value buildFirstRoot(ImplicitLocOpBuilder &b, Value x) {
  Type bits = b.getI32Type();
  if (auto shaped = dyn_cast<ShapedType>(x.getType()))
    bits = shaped.clone(bits);
  auto constant = [&](int32_t value) -> Value {
    Attribute element = b.getI32IntegerAttr(value);
    if (auto shaped = dyn_cast<ShapedType>(bits))
      element = DenseElementsAttr::get(shaped, element);
    return arith::ConstantOp::create(b, cast<TypedAttr>(element));
  };
  Value third = arith::DivUIOp::create(b, arith::BitcastOp::create(b, bits, x),
                                       constant(3));
  Value guess = arith::AddIOp::create(b, third, constant(709958130));
  return arith::BitcastOp::create(b, x.getType(), guess);
}

/// Two of Halley's steps, r = t^3 / x: t (r + 2) / (2 r + 1), each of which
/// cubes the error.
static Value buildCbrt(ImplicitLocOpBuilder &b, Value x) {
  using P = arith::CmpFPredicate;
  FloatMath m(b, x.getType());
  Value magnitude = m.abs(x);
  // Denormal numbers have no exponent to take a third of.
  Value isTiny = m.compare(P::OLT, magnitude, m.constant(std::ldexp(1, -100)));
  Value scaled =
      m.mul(magnitude,
            m.select(isTiny, m.constant(std::ldexp(1, 60)), m.constant(1)));
  Value root = buildFirstRoot(b, scaled);
  for (int step = 0; step < 2; ++step) {
    Value ratio = m.mul(m.mul(root, root), m.div(root, scaled));
    root = m.div(m.mul(root, m.add(ratio, m.constant(2))),
                 m.add(m.add(ratio, ratio), m.constant(1)));
  }
  root = m.mul(root,
               m.select(isTiny, m.constant(std::ldexp(1, -20)), m.constant(1)));
  Value isFinite = m.compare(P::OLT, magnitude, m.constant(INFINITY));
  Value hasRoot =
      arith::AndIOp::create(b, isFinite, m.compare(P::ONE, x, m.constant(0)));
  // 0, infinities and NaN are their own roots.
  return m.select(hasRoot, math::CopySignOp::create(b, root, x), x);
}

void mlir::pdq::populatePowerPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ConvertFPowI, ExpandPow>(context);
  patterns.add<ExpandUnary<math::CbrtOp>>(context, buildCbrt);
}
