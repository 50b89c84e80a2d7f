// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of arith operations, in the order of their names.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Autodiff/Rules/ScalarVJP.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<ScalarExtremum> mlir::pdq::matchExtremum(Operation *op) {
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
    return ScalarExtremum{true, op->getOperand(0), op->getOperand(1), Value(),
                          /*isClamp=*/false};
  if (isa<arith::MinimumFOp, arith::MinNumFOp>(op))
    return ScalarExtremum{false, op->getOperand(0), op->getOperand(1), Value(),
                          /*isClamp=*/false};
  auto select = dyn_cast<arith::SelectOp>(op);
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpFOp>()
                        : arith::CmpFOp();
  if (!compare)
    return failure();
  using P = arith::CmpFPredicate;
  P predicate = compare.getPredicate();
  bool greater =
      llvm::is_contained({P::OGT, P::OGE, P::UGT, P::UGE}, predicate);
  bool less = llvm::is_contained({P::OLT, P::OLE, P::ULT, P::ULE}, predicate);
  bool strict = llvm::is_contained({P::OGT, P::UGT, P::OLT, P::ULT}, predicate);
  Value lhs = compare.getLhs(), rhs = compare.getRhs();
  bool keeps = select.getTrueValue() == lhs && select.getFalseValue() == rhs;
  bool swaps = select.getTrueValue() == rhs && select.getFalseValue() == lhs;
  if (!(greater || less) || !(keeps || swaps))
    return failure();
  Value tie = strict ? select.getFalseValue() : select.getTrueValue();
  return ScalarExtremum{greater == keeps, lhs, rhs, tie, /*isClamp=*/swaps};
}

/// Maximum and minimum: the cotangent goes to the operand that wins. Against a
/// constant bound a tie gives 0 (relu, relu6); two equal variables share.
static void buildExtremumVJP(ImplicitLocOpBuilder &b, ScalarExtremum op,
                             Value cotangent, ScalarAccumulator accumulate) {
  Value lhs = op.lhs, rhs = op.rhs;
  Value zero = buildFloat(b, cotangent.getType(), 0);
  auto wins = [&](Value self, Value other) -> Value {
    return arith::CmpFOp::create(
        b, op.isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT,
        self, other);
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

/// The cotangent goes to what was chosen. A maximum or minimum in this form
/// takes one of two equal values, where the operation shares.
static void buildSelectVJP(ImplicitLocOpBuilder &b, arith::SelectOp op,
                           Value cotangent, ScalarAccumulator accumulate) {
  FailureOr<ScalarExtremum> extremum = matchExtremum(op);
  if (succeeded(extremum) && !extremum->isClamp &&
      !matchPattern(extremum->tie, m_Constant()))
    return buildExtremumVJP(b, *extremum, cotangent, accumulate);
  // Not a product with 0 or 1: 0 * inf would be NaN.
  Value zero = buildFloat(b, cotangent.getType(), 0);
  Value condition = op.getCondition();
  accumulate(op.getTrueValue(),
             arith::SelectOp::create(b, condition, cotangent, zero));
  accumulate(op.getFalseValue(),
             arith::SelectOp::create(b, condition, zero, cotangent));
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
        buildExtremumVJP(b, *matchExtremum(extremum), cotangent, accumulate);
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
      .Case([&](arith::RemFOp rest) { // lhs - trunc(lhs / rhs) * rhs
        Value quotient = arith::DivFOp::create(b, rest.getLhs(), rest.getRhs());
        Value turns = math::TruncOp::create(b, quotient);
        accumulate(rest.getLhs(), cotangent);
        accumulate(rest.getRhs(), negate(mul(cotangent, turns)));
        return success();
      })
      .Case([&](arith::SelectOp select) {
        buildSelectVJP(b, select, cotangent, accumulate);
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
