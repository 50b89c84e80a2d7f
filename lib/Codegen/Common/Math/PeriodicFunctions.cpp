// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sine and cosine. What is left of a large angle behind the multiples of pi/2
// is a difference of large numbers, which f32 does not hold: it is formed in
// f64.

#include "FloatMath.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// x = quadrant * pi / 2 + rest.
struct ReducedAngle {
  /// f32 in [-pi / 4, pi / 4].
  Value rest;
  /// f64: -2, -1, 0, 1 or 2.
  Value quadrant;
};
} // namespace

/// The nearest integer, ties to even, of an f64 below 2^51 in magnitude; by
/// additions alone, as not every CPU has an instruction for it.
static Value roundToInteger(FloatMath &m, Value value) {
  Value magic = m.constant(6755399441055744.0); // 1.5 * 2^52
  return m.sub(m.add(value, magic), magic);
}

/// Two parts of pi / 2 (fdlibm's): products of the first, of 33 bits, with
/// integers up to 2^20 are exact, beyond that the error is |x| * 2^-53.
static ReducedAngle reduceAngle(ImplicitLocOpBuilder &b, Value x) {
  Type wide = b.getF64Type();
  if (auto shaped = dyn_cast<ShapedType>(x.getType()))
    wide = shaped.clone(wide);
  FloatMath m(b, wide);
  Value angle = arith::ExtFOp::create(b, wide, x);
  Value count = roundToInteger(m, m.mul(angle, m.constant(2 / M_PI)));
  Value rest =
      m.sub(m.sub(angle, m.mul(count, m.constant(1.57079632673412561417e+00))),
            m.mul(count, m.constant(6.07710050650619224932e-11)));
  // Angles of which f64 leaves nothing are anything within the bounds.
  rest = arith::MaximumFOp::create(b, rest, m.constant(-M_PI_4));
  rest = arith::MinimumFOp::create(b, rest, m.constant(M_PI_4));
  Value turns = roundToInteger(m, m.mul(count, m.constant(0.25)));
  return {arith::TruncFOp::create(b, x.getType(), rest),
          m.sub(count, m.mul(turns, m.constant(4)))};
}

/// sin(rest) and cos(rest) by the polynomials of the Cephes library.
static std::pair<Value, Value> buildOctant(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  Value square = m.mul(x, x);
  Value sine = m.polynomial(
      square, {-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4});
  sine = m.add(x, m.mul(m.mul(x, square), sine));
  Value cosine =
      m.polynomial(square, {4.166664568298827e-2, -1.388731625493765e-3,
                            2.443315711809948e-5});
  cosine = m.add(m.sub(m.constant(1), m.mul(m.constant(0.5), square)),
                 m.mul(m.mul(square, square), cosine));
  return {sine, cosine};
}

/// The sine of `x`, or the cosine, which is the sine a quarter turn further.
static Value buildPeriodic(ImplicitLocOpBuilder &b, Value x, bool isCosine) {
  using P = arith::CmpFPredicate;
  auto [rest, quadrant] = reduceAngle(b, x);
  auto [sine, cosine] = buildOctant(b, rest);
  FloatMath wide(b, quadrant.getType()), m(b, x.getType());
  Value distance = wide.abs(quadrant);
  Value isOdd = wide.compare(P::OEQ, distance, wide.constant(1));
  Value value =
      isCosine ? m.select(isOdd, sine, cosine) : m.select(isOdd, cosine, sine);
  Value opposite = wide.compare(P::OEQ, distance, wide.constant(2));
  Value behind =
      wide.compare(P::OEQ, quadrant, wide.constant(isCosine ? 1 : -1));
  return m.select(arith::OrIOp::create(b, opposite, behind), m.neg(value),
                  value);
}

static Value buildSine(ImplicitLocOpBuilder &b, Value x) {
  return buildPeriodic(b, x, /*isCosine=*/false);
}

static Value buildCosine(ImplicitLocOpBuilder &b, Value x) {
  return buildPeriodic(b, x, /*isCosine=*/true);
}

static Value buildTangent(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  return m.div(buildSine(b, x), buildCosine(b, x));
}

void mlir::pdq::populatePeriodicPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandUnary<math::SinOp>>(context, buildSine);
  patterns.add<ExpandUnary<math::CosOp>>(context, buildCosine);
  patterns.add<ExpandUnary<math::TanOp>>(context, buildTangent);
}
