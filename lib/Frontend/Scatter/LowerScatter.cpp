// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The patterns that lower scatters: static shapes first, then reads in place of
// writes.

#include "pdq/Frontend/Scatter/LowerScatter.h"
#include "ScatterReads.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct LowerScatter : RewritePattern {
  explicit LowerScatter(MLIRContext *context)
      : RewritePattern("tm_tensor.scatter", /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    FailureOr<CoordinateScatter> scatter = matchCoordinateScatter(op, rewriter);
    if (failed(scatter))
      return failure();
    rewriter.replaceOp(op, buildScatterReads(rewriter, *scatter));
    return success();
  }
};

/// Static shapes that canonicalization stops at, as the operation is none that
/// it knows.
struct RefineScatter : RewritePattern {
  explicit RefineScatter(MLIRContext *context)
      : RewritePattern("tm_tensor.scatter", /*benefit=*/2, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    bool isRefined = false;
    for (OpOperand &operand : op->getOpOperands()) {
      auto cast = operand.get().getDefiningOp<tensor::CastOp>();
      if (!cast || !tensor::canFoldIntoConsumerOp(cast))
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(cast.getSource()); });
      isRefined = true;
    }
    if (!isRefined)
      return rewriter.notifyMatchFailure(op, "has no operand to refine");
    // Of another form, which is reported later: the operands alone.
    if (op->getNumOperands() != 3 || op->getNumResults() != 1)
      return success();
    Value result = op->getResult(0);
    Type type = op->getOperand(2).getType();
    if (result.getType() == type)
      return success();
    Type old = result.getType();
    rewriter.modifyOpInPlace(op, [&] { result.setType(type); });
    rewriter.setInsertionPointAfter(op);
    Value cast = tensor::CastOp::create(rewriter, op->getLoc(), old, result);
    rewriter.replaceAllUsesExcept(result, cast, cast.getDefiningOp());
    return success();
  }
};
} // namespace

void mlir::pdq::populateLowerScatterPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScatter, RefineScatter>(patterns.getContext());
}
