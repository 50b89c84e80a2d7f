// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of a wider type that are rounded in the network: torch-mlir writes
// the lowest number of f64, rounded to f32, as the padding of a maximum.

#include "pdq/Frontend/Module/RoundConstants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct RoundConstant : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    constexpr auto nearest = arith::RoundingMode::to_nearest_even;
    FloatAttr wide;
    auto type = dyn_cast<FloatType>(op.getType());
    if (!type || !matchPattern(op.getIn(), m_Constant(&wide)))
      return rewriter.notifyMatchFailure(op, "no constant number");
    // The epsilon of a batch norm keeps its own bits.
    if (op->getParentOfType<linalg::LinalgOp>())
      return rewriter.notifyMatchFailure(op, "is part of a payload");
    if (op.getRoundingmode().value_or(nearest) != nearest)
      return rewriter.notifyMatchFailure(op, "another rounding");
    APFloat value = wide.getValue();
    bool isInexact;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &isInexact);
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op,
                                                   FloatAttr::get(type, value));
    return success();
  }
};
} // namespace

void mlir::pdq::populateRoundConstantsPatterns(RewritePatternSet &patterns) {
  patterns.add<RoundConstant>(patterns.getContext());
}
