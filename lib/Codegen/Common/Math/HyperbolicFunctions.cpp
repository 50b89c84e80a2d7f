// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hyperbolic functions and their inverses. The formulas of the textbooks cancel
// near 0 and overflow long before their results do; these do neither.

#include "FloatMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// From here on 1 is nothing beside x * x.
static constexpr double large = 4096;

/// log(2 x) for large x, also where 2 x overflows.
static Value buildLogOfTwice(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  return m.add(math::LogOp::create(b, x), m.constant(std::log(2.0)));
}

static Value withSign(ImplicitLocOpBuilder &b, Value magnitude, Value sign) {
  return math::CopySignOp::create(b, magnitude, sign);
}

/// asinh |x| = log1p(a + a^2 / (1 + sqrt(1 + a^2)))
static Value buildAsinh(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  Value a = m.abs(x), one = m.constant(1);
  Value isLarge = m.compare(arith::CmpFPredicate::OGT, a, m.constant(large));
  // A square that does not overflow where it is not used.
  Value small = m.select(isLarge, one, a);
  Value square = m.mul(small, small);
  Value root = math::SqrtOp::create(b, m.add(one, square));
  Value sum = m.add(small, m.div(square, m.add(one, root)));
  Value result =
      m.select(isLarge, buildLogOfTwice(b, a), math::Log1pOp::create(b, sum));
  return withSign(b, result, x);
}

/// acosh x = log1p(t + sqrt(t (t + 2))), t = x - 1
static Value buildAcosh(ImplicitLocOpBuilder &b, Value x) {
  using P = arith::CmpFPredicate;
  FloatMath m(b, x.getType());
  Value one = m.constant(1);
  Value isLarge = m.compare(P::OGT, x, m.constant(large));
  Value t = m.sub(m.select(isLarge, one, x), one);
  Value root = math::SqrtOp::create(b, m.mul(t, m.add(t, m.constant(2))));
  Value result = m.select(isLarge, buildLogOfTwice(b, x),
                          math::Log1pOp::create(b, m.add(t, root)));
  return m.select(m.compare(P::OLT, x, one), m.constant(std::nan("")), result);
}

/// atanh |x| = log1p(2 a / (1 - a)) / 2
static Value buildAtanh(ImplicitLocOpBuilder &b, Value x) {
  using P = arith::CmpFPredicate;
  FloatMath m(b, x.getType());
  Value a = m.abs(x), one = m.constant(1);
  Value ratio = m.div(m.add(a, a), m.sub(one, a));
  Value result = m.mul(m.constant(0.5), math::Log1pOp::create(b, ratio));
  result = m.select(m.compare(P::OEQ, a, one), m.constant(INFINITY), result);
  result =
      m.select(m.compare(P::OGT, a, one), m.constant(std::nan("")), result);
  return withSign(b, result, x);
}

/// e^x / 2 where e^x may overflow.
static Value buildHalfExp(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  Value root = math::ExpOp::create(b, m.mul(x, m.constant(0.5)));
  return m.mul(m.mul(root, m.constant(0.5)), root);
}

/// sinh |x| = (u + u / (u + 1)) / 2, u = e^a - 1
static Value buildSinh(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  Value a = m.abs(x);
  Value u = math::ExpM1Op::create(b, a);
  Value sum = m.add(u, m.div(u, m.add(u, m.constant(1))));
  // e^-a is nothing beside e^a.
  Value isLarge = m.compare(arith::CmpFPredicate::OGT, a, m.constant(20));
  Value result =
      m.select(isLarge, buildHalfExp(b, a), m.mul(m.constant(0.5), sum));
  return withSign(b, result, x);
}

static Value buildCosh(ImplicitLocOpBuilder &b, Value x) {
  FloatMath m(b, x.getType());
  Value half = buildHalfExp(b, m.abs(x));
  return m.add(half, m.div(m.constant(0.25), half));
}

void mlir::pdq::populateHyperbolicPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandUnary<math::AsinhOp>>(context, buildAsinh);
  patterns.add<ExpandUnary<math::AcoshOp>>(context, buildAcosh);
  patterns.add<ExpandUnary<math::AtanhOp>>(context, buildAtanh);
  patterns.add<ExpandUnary<math::SinhOp>>(context, buildSinh);
  patterns.add<ExpandUnary<math::CoshOp>>(context, buildCosh);
}
