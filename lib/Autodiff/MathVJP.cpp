// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of math operations, in the order of their names.

#include "ScalarVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Factor dy/dx of a unary operation; null where there is no rule.
static Value buildUnaryFactor(ImplicitLocOpBuilder &b, Operation *op) {
  Value x = op->getOperand(0), y = op->getResult(0);
  Type type = y.getType();
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  auto div = [&](Value lhs, Value rhs) -> Value {
    return arith::DivFOp::create(b, lhs, rhs);
  };
  auto add = [&](Value lhs, Value rhs) -> Value {
    return arith::AddFOp::create(b, lhs, rhs);
  };
  auto constant = [&](double value) { return buildFloat(b, type, value); };
  auto gauss = [&](double factor) { // factor * exp(-x^2)
    Value square = arith::NegFOp::create(b, mul(x, x));
    return mul(constant(factor), math::ExpOp::create(b, square));
  };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::AbsFOp) -> Value { // sign(x), sign(0) = 0
        auto compare = [&](arith::CmpFPredicate predicate) -> Value {
          return arith::CmpFOp::create(b, predicate, x, constant(0));
        };
        Value negative = arith::SelectOp::create(
            b, compare(arith::CmpFPredicate::OLT), constant(-1), constant(0));
        return arith::SelectOp::create(b, compare(arith::CmpFPredicate::OGT),
                                       constant(1), negative);
      })
      .Case([&](math::AtanOp) {
        return div(constant(1), add(constant(1), mul(x, x)));
      })
      .Case([&](math::CbrtOp) {
        return div(constant(1), mul(constant(3), mul(y, y)));
      })
      .Case([&](math::CosOp) -> Value {
        return arith::NegFOp::create(b, math::SinOp::create(b, x).getResult());
      })
      .Case([&](math::CoshOp) -> Value { return math::SinhOp::create(b, x); })
      .Case([&](math::ErfOp) { return gauss(2 / std::sqrt(M_PI)); })
      .Case([&](math::ErfcOp) { return gauss(-2 / std::sqrt(M_PI)); })
      .Case([&](math::Exp2Op) { return mul(constant(std::log(2.0)), y); })
      .Case([&](math::ExpM1Op) { return add(y, constant(1)); })
      .Case([&](math::ExpOp) { return y; })
      .Case([&](math::Log10Op) { return div(constant(1 / std::log(10.0)), x); })
      .Case(
          [&](math::Log1pOp) { return div(constant(1), add(constant(1), x)); })
      .Case([&](math::Log2Op) { return div(constant(1 / std::log(2.0)), x); })
      .Case([&](math::LogOp) { return div(constant(1), x); })
      .Case([&](math::RsqrtOp) { return mul(constant(-0.5), div(y, x)); })
      .Case([&](math::SinOp) -> Value { return math::CosOp::create(b, x); })
      .Case([&](math::SinhOp) -> Value { return math::CoshOp::create(b, x); })
      .Case([&](math::SqrtOp) { return div(constant(0.5), y); })
      .Case([&](math::TanhOp) -> Value {
        return arith::SubFOp::create(b, constant(1), mul(y, y));
      })
      .Default([](Operation *) { return Value(); });
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
  if (auto power = dyn_cast<math::FPowIOp>(op)) { // p * x^(p - 1)
    Value one = arith::ConstantOp::create(
        b, b.getIntegerAttr(power.getRhs().getType(), 1));
    Value factor =
        arith::SIToFPOp::create(b, cotangent.getType(), power.getRhs());
    Value lower = math::FPowIOp::create(
        b, power.getLhs(),
        arith::SubIOp::create(b, power.getRhs(), one).getResult());
    accumulate(power.getLhs(), mul(cotangent, mul(factor, lower)));
    return success();
  }
  if (auto power = dyn_cast<math::PowFOp>(op)) {
    Value one = buildFloat(b, cotangent.getType(), 1);
    Value lower = math::PowFOp::create(
        b, power.getLhs(),
        arith::SubFOp::create(b, power.getRhs(), one).getResult());
    accumulate(power.getLhs(), mul(cotangent, mul(power.getRhs(), lower)));
    accumulate(power.getRhs(),
               mul(cotangent, mul(power.getResult(),
                                  math::LogOp::create(b, power.getLhs()))));
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
