// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of arith operations, in the order of their names.

#include "ScalarVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

/// Maximum and minimum: the cotangent goes to the operand that wins. Against a
/// constant bound a tie gives 0 (relu, clamp); two equal variables share.
template <typename OpTy>
static void buildExtremumVJP(ImplicitLocOpBuilder &b, OpTy op, Value cotangent,
                             ScalarAccumulator accumulate) {
  bool isMax = isa<arith::MaximumFOp, arith::MaxNumFOp>(op.getOperation());
  Value lhs = op.getLhs(), rhs = op.getRhs();
  Value zero = buildFloat(b, cotangent.getType(), 0);
  auto wins = [&](Value self, Value other) -> Value {
    return arith::CmpFOp::create(
        b, isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT, self,
        other);
  };
  auto select = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, condition, yes, no);
  };
  bool constantLhs = matchPattern(lhs, m_Constant());
  bool constantRhs = matchPattern(rhs, m_Constant());
  if (constantLhs || constantRhs) {
    if (!constantLhs)
      accumulate(lhs, select(wins(lhs, rhs), cotangent, zero));
    if (!constantRhs)
      accumulate(rhs, select(wins(rhs, lhs), cotangent, zero));
    return;
  }
  Value half = arith::MulFOp::create(b, cotangent,
                                     buildFloat(b, cotangent.getType(), 0.5));
  Value tie = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, lhs, rhs);
  accumulate(lhs, select(tie, half, select(wins(lhs, rhs), cotangent, zero)));
  accumulate(rhs, select(tie, half, select(wins(rhs, lhs), cotangent, zero)));
}

LogicalResult mlir::pdq::buildArithVJP(ImplicitLocOpBuilder &b, Operation *op,
                                       Value cotangent,
                                       ScalarAccumulator accumulate) {
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  auto negate = [&](Value value) -> Value {
    return arith::NegFOp::create(b, value);
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](arith::AddFOp add) {
        accumulate(add.getLhs(), cotangent);
        accumulate(add.getRhs(), cotangent);
        return success();
      })
      .Case([&](arith::DivFOp div) {
        Value quotient = arith::DivFOp::create(b, cotangent, div.getRhs());
        accumulate(div.getLhs(), quotient);
        accumulate(div.getRhs(), negate(mul(quotient, div.getResult())));
        return success();
      })
      .Case([&](arith::ExtFOp ext) {
        accumulate(ext.getIn(), arith::TruncFOp::create(
                                    b, ext.getIn().getType(), cotangent));
        return success();
      })
      .Case<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp,
            arith::MinNumFOp>([&](auto extremum) {
        buildExtremumVJP(b, extremum, cotangent, accumulate);
        return success();
      })
      .Case([&](arith::MulFOp product) {
        accumulate(product.getLhs(), mul(cotangent, product.getRhs()));
        accumulate(product.getRhs(), mul(cotangent, product.getLhs()));
        return success();
      })
      .Case([&](arith::NegFOp neg) {
        accumulate(neg.getOperand(), negate(cotangent));
        return success();
      })
      .Case([&](arith::SelectOp select) {
        // Not a product with 0 or 1: 0 * inf would be NaN.
        Value zero = buildFloat(b, cotangent.getType(), 0);
        Value condition = select.getCondition();
        accumulate(select.getTrueValue(),
                   arith::SelectOp::create(b, condition, cotangent, zero));
        accumulate(select.getFalseValue(),
                   arith::SelectOp::create(b, condition, zero, cotangent));
        return success();
      })
      .Case([&](arith::SubFOp sub) {
        accumulate(sub.getLhs(), cotangent);
        accumulate(sub.getRhs(), negate(cotangent));
        return success();
      })
      .Case([&](arith::TruncFOp trunc) {
        accumulate(trunc.getIn(), arith::ExtFOp::create(
                                      b, trunc.getIn().getType(), cotangent));
        return success();
      })
      .Default([](Operation *) { return failure(); });
}

LogicalResult mlir::pdq::buildScalarVJP(ImplicitLocOpBuilder &b, Operation *op,
                                        Value cotangent,
                                        ScalarAccumulator accumulate) {
  if (isa<arith::ArithDialect>(op->getDialect()))
    return buildArithVJP(b, op, cotangent, accumulate);
  if (isa<math::MathDialect>(op->getDialect()))
    return buildMathVJP(b, op, cotangent, accumulate);
  return failure();
}
