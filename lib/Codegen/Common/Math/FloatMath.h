// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float arithmetic that is the same for scalars and vectors, and the functions
// that are made of it.

#ifndef PDQ_LIB_CODEGEN_COMMON_MATH_FLOATMATH_H
#define PDQ_LIB_CODEGEN_COMMON_MATH_FLOATMATH_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::pdq {

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
  Value add(Value lhs, Value rhs) { return arith::AddFOp::create(b, lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return arith::SubFOp::create(b, lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs); }
  Value div(Value lhs, Value rhs) { return arith::DivFOp::create(b, lhs, rhs); }
  Value neg(Value value) { return arith::NegFOp::create(b, value); }
  Value abs(Value value) { return math::AbsFOp::create(b, value); }
  Value compare(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpFOp::create(b, predicate, lhs, rhs);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
  /// `coefficients[0] + x * (coefficients[1] + x * ...)`
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = constant(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = add(mul(sum, x), constant(coefficient));
    return sum;
  }

private:
  ImplicitLocOpBuilder &b;
  Type type;
};

/// A function of one f32, scalar or vector, as arithmetic that `build` makes.
template <typename OpTy> struct ExpandUnary : OpRewritePattern<OpTy> {
  using BuildFn = Value (*)(ImplicitLocOpBuilder &, Value);
  ExpandUnary(MLIRContext *context, BuildFn build)
      : OpRewritePattern<OpTy>(context), build(build) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "element type is not f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, build(b, op.getOperand()));
    return success();
  }
  BuildFn build;
};

/// Collects patterns for `sin`, `cos` and `tan`.
void populatePeriodicPatterns(RewritePatternSet &patterns);

/// Collects patterns for `sinh`, `cosh` and the inverses of hyperbolic
/// functions.
void populateHyperbolicPatterns(RewritePatternSet &patterns);

/// Collects patterns for `powf`, `fpowi` and `cbrt`.
void populatePowerPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_COMMON_MATH_FLOATMATH_H
