// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of math operations: the unary ones by families, in each in the
// order of their names.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/Rules/ScalarVJP.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// -1, 0 or 1.
static Value buildSign(ImplicitLocOpBuilder &b, Value x) {
  auto constant = [&](double value) {
    return buildFloat(b, x.getType(), value);
  };
  auto compare = [&](arith::CmpFPredicate predicate) -> Value {
    return arith::CmpFOp::create(b, predicate, x, constant(0));
  };
  Value negative = arith::SelectOp::create(
      b, compare(arith::CmpFPredicate::OLT), constant(-1), constant(0));
  return arith::SelectOp::create(b, compare(arith::CmpFPredicate::OGT),
                                 constant(1), negative);
}

namespace {
/// Arithmetic on the argument `x` of a unary operation and its result `y`.
struct UnaryTerms {
  UnaryTerms(ImplicitLocOpBuilder &b, Operation *op)
      : b(b), x(op->getOperand(0)), y(op->getResult(0)) {}

  Value constant(double value) { return buildFloat(b, y.getType(), value); }
  Value mul(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs); }
  Value div(Value lhs, Value rhs) { return arith::DivFOp::create(b, lhs, rhs); }
  Value add(Value lhs, Value rhs) { return arith::AddFOp::create(b, lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return arith::SubFOp::create(b, lhs, rhs); }
  Value negate(Value value) { return arith::NegFOp::create(b, value); }

  /// 1 / sqrt(value).
  Value inverseRoot(Value value) {
    return div(constant(1), math::SqrtOp::create(b, value));
  }
  /// (1 - x) (1 + x): exact at the poles.
  Value oneMinusSquare() {
    return mul(add(constant(1), negate(x)), add(constant(1), x));
  }
  Value onePlusSquare() { return add(constant(1), mul(x, x)); }
  /// factor * exp(-x^2).
  Value gauss(double factor) {
    Value square = negate(mul(x, x));
    return mul(constant(factor), math::ExpOp::create(b, square));
  }

  ImplicitLocOpBuilder &b;
  Value x, y;
};
} // namespace

/// Factors dy/dx of families of unary operations; null for others.
static Value buildExponentialFactor(UnaryTerms t, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ErfOp) { return t.gauss(2 / std::sqrt(M_PI)); })
      .Case([&](math::ErfcOp) { return t.gauss(-2 / std::sqrt(M_PI)); })
      .Case([&](math::Exp2Op) { return t.mul(t.constant(std::log(2.0)), t.y); })
      .Case([&](math::ExpM1Op) { return t.add(t.y, t.constant(1)); })
      .Case([&](math::ExpOp) { return t.y; })
      .Default([](Operation *) { return Value(); });
}

static Value buildLogarithmFactor(UnaryTerms t, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::Log10Op) {
        return t.div(t.constant(1 / std::log(10.0)), t.x);
      })
      .Case([&](math::Log1pOp) {
        return t.div(t.constant(1), t.add(t.constant(1), t.x));
      })
      .Case([&](math::Log2Op) {
        return t.div(t.constant(1 / std::log(2.0)), t.x);
      })
      .Case([&](math::LogOp) { return t.div(t.constant(1), t.x); })
      .Default([](Operation *) { return Value(); });
}

/// Roots, and the absolute value, which is the root of a square.
static Value buildRootFactor(UnaryTerms t, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::AbsFOp) { return buildSign(t.b, t.x); })
      .Case([&](math::CbrtOp) {
        return t.div(t.constant(1), t.mul(t.constant(3), t.mul(t.y, t.y)));
      })
      .Case([&](math::RsqrtOp) {
        return t.mul(t.constant(-0.5), t.div(t.y, t.x));
      })
      .Case([&](math::SqrtOp) -> Value {
        Value isZero = arith::CmpFOp::create(t.b, arith::CmpFPredicate::OEQ,
                                             t.y, t.constant(0));
        return arith::SelectOp::create(t.b, isZero, t.constant(0),
                                       t.div(t.constant(0.5), t.y));
      })
      .Default([](Operation *) { return Value(); });
}

/// Of the circle and of the hyperbola.
static Value buildAngleFactor(UnaryTerms t, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case(
          [&](math::CosOp) { return t.negate(math::SinOp::create(t.b, t.x)); })
      .Case(
          [&](math::CoshOp) -> Value { return math::SinhOp::create(t.b, t.x); })
      .Case([&](math::SinOp) -> Value { return math::CosOp::create(t.b, t.x); })
      .Case(
          [&](math::SinhOp) -> Value { return math::CoshOp::create(t.b, t.x); })
      .Case([&](math::TanOp) { return t.add(t.constant(1), t.mul(t.y, t.y)); })
      .Case([&](math::TanhOp) { return t.sub(t.constant(1), t.mul(t.y, t.y)); })
      .Default([](Operation *) { return Value(); });
}

/// The inverses of those.
static Value buildInverseAngleFactor(UnaryTerms t, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::AcosOp) {
        return t.negate(t.inverseRoot(t.oneMinusSquare()));
      })
      .Case([&](math::AcoshOp) { // 1 / sqrt((x - 1) (x + 1))
        return t.inverseRoot(
            t.mul(t.add(t.x, t.constant(-1)), t.add(t.x, t.constant(1))));
      })
      .Case([&](math::AsinOp) { return t.inverseRoot(t.oneMinusSquare()); })
      .Case([&](math::AsinhOp) { return t.inverseRoot(t.onePlusSquare()); })
      .Case(
          [&](math::AtanOp) { return t.div(t.constant(1), t.onePlusSquare()); })
      .Case([&](math::AtanhOp) {
        return t.div(t.constant(1), t.oneMinusSquare());
      })
      .Default([](Operation *) { return Value(); });
}

/// Factor dy/dx of a unary operation; null where there is no rule.
static Value buildUnaryFactor(ImplicitLocOpBuilder &b, Operation *op) {
  UnaryTerms terms(b, op);
  for (auto build :
       {buildExponentialFactor, buildLogarithmFactor, buildRootFactor,
        buildAngleFactor, buildInverseAngleFactor})
    if (Value factor = build(terms, op))
      return factor;
  return Value();
}

/// p * x^(p - 1), and 0 for p = 0 also where x is 0.
static void buildFPowIVJP(ImplicitLocOpBuilder &b, math::FPowIOp op,
                          Value cotangent, ScalarAccumulator accumulate) {
  Value x = op.getLhs(), p = op.getRhs();
  auto integer = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(p.getType(), value));
  };
  Value factor = arith::SIToFPOp::create(b, cotangent.getType(), p);
  Value lower = math::FPowIOp::create(
      b, x, arith::SubIOp::create(b, p, integer(1)).getResult());
  Value product = arith::MulFOp::create(
      b, cotangent, arith::MulFOp::create(b, factor, lower).getResult());
  Value isConstant =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, p, integer(0));
  accumulate(x, arith::SelectOp::create(b, isConstant,
                                        buildFloat(b, cotangent.getType(), 0),
                                        product));
}

/// p * x^(p - 1), which is 0 for x = 0 and 0 <= p < 1, and y * log(x), which is
/// 0 for x = 0 and 0 <= p.
static void buildPowFVJP(ImplicitLocOpBuilder &b, math::PowFOp op,
                         Value cotangent, ScalarAccumulator accumulate) {
  Value x = op.getLhs(), p = op.getRhs();
  Value zero = buildFloat(b, cotangent.getType(), 0);
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  auto compare = [&](arith::CmpFPredicate predicate, Value lhs,
                     Value rhs) -> Value {
    return arith::CmpFOp::create(b, predicate, lhs, rhs);
  };
  Value one = buildFloat(b, p.getType(), 1);
  Value lower =
      math::PowFOp::create(b, x, arith::SubFOp::create(b, p, one).getResult());
  auto both = [&](Value lhs, Value rhs) -> Value {
    return arith::AndIOp::create(b, lhs, rhs);
  };
  Value isFlat = both(compare(arith::CmpFPredicate::OEQ, x, zero),
                      compare(arith::CmpFPredicate::OGE, p, zero));
  Value isRoot = both(isFlat, compare(arith::CmpFPredicate::OLT, p, one));
  accumulate(x, arith::SelectOp::create(b, isRoot, zero,
                                        mul(cotangent, mul(p, lower))));
  Value slope = mul(op.getResult(), math::LogOp::create(b, x));
  accumulate(p,
             arith::SelectOp::create(b, isFlat, zero, mul(cotangent, slope)));
}

/// The cotangent goes to the value between its bounds and on them, else to the
/// bound that wins.
static void buildClampVJP(ImplicitLocOpBuilder &b, math::ClampFOp op,
                          Value cotangent, ScalarAccumulator accumulate) {
  Value zero = buildFloat(b, cotangent.getType(), 0);
  Value value = op.getValue(), low = op.getMin(), high = op.getMax();
  auto isLess = [&](Value lhs, Value rhs) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, lhs, rhs);
  };
  auto select = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, condition, yes, no);
  };
  Value below = isLess(value, low), above = isLess(high, value);
  accumulate(value, select(below, zero, select(above, zero, cotangent)));
  accumulate(low, select(below, cotangent, zero));
  accumulate(high, select(above, cotangent, zero));
}

LogicalResult mlir::pdq::buildMathVJP(ImplicitLocOpBuilder &b, Operation *op,
                                      Value cotangent,
                                      ScalarAccumulator accumulate) {
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  // Steps: the derivative is 0 almost everywhere.
  if (isa<math::CeilOp, math::FloorOp, math::RoundEvenOp, math::RoundOp,
          math::TruncOp>(op))
    return success();
  if (auto power = dyn_cast<math::FPowIOp>(op)) {
    buildFPowIVJP(b, power, cotangent, accumulate);
    return success();
  }
  if (auto power = dyn_cast<math::PowFOp>(op)) {
    buildPowFVJP(b, power, cotangent, accumulate);
    return success();
  }
  if (auto clamp = dyn_cast<math::ClampFOp>(op)) {
    buildClampVJP(b, clamp, cotangent, accumulate);
    return success();
  }
  if (auto fused = dyn_cast<math::FmaOp>(op)) {
    accumulate(fused.getA(), mul(cotangent, fused.getB()));
    accumulate(fused.getB(), mul(cotangent, fused.getA()));
    accumulate(fused.getC(), cotangent);
    return success();
  }
  if (auto copy = dyn_cast<math::CopySignOp>(op)) { // |x| with a sign
    Value x = copy.getLhs();
    Value sign = math::CopySignOp::create(
        b, buildFloat(b, cotangent.getType(), 1), copy.getRhs());
    accumulate(x, mul(mul(cotangent, sign), buildSign(b, x)));
    return success();
  }
  if (auto angle = dyn_cast<math::Atan2Op>(op)) { // of (y, x)
    Value y = angle.getLhs(), x = angle.getRhs();
    Value square = arith::AddFOp::create(b, mul(x, x), mul(y, y));
    Value share = arith::DivFOp::create(b, cotangent, square);
    accumulate(y, mul(share, x));
    accumulate(x, arith::NegFOp::create(b, mul(share, y)));
    return success();
  }
  if (op->getNumOperands() != 1)
    return failure();
  Value factor = buildUnaryFactor(b, op);
  if (!factor)
    return failure();
  accumulate(op->getOperand(0), mul(cotangent, factor));
  return success();
}
