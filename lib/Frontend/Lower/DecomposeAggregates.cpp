// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands for a whole computation (a softmax, a change of layout) has no
// loops that a batch could be followed through or that could be differentiated;
// upstream knows what each is made of.

#include "pdq/Frontend/Lower/DecomposeAggregates.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Softmax and what else says itself how it is computed.
struct DecomposeAggregate
    : OpInterfaceRewritePattern<linalg::AggregatedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::AggregatedOpInterface op,
                                PatternRewriter &rewriter) const override {
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return rewriter.notifyMatchFailure(op, "does not say what it computes");
    rewriter.replaceOp(op, *results);
    return success();
  }
};
} // namespace

static LogicalResult decomposePack(linalg::PackOp op,
                                   PatternRewriter &rewriter) {
  if (failed(linalg::lowerPack(rewriter, op,
                               /*lowerPadLikeWithInsertSlice=*/false)))
    return rewriter.notifyMatchFailure(op, "tiles are not static");
  return success();
}

static LogicalResult decomposeUnPack(linalg::UnPackOp op,
                                     PatternRewriter &rewriter) {
  if (failed(linalg::lowerUnPack(rewriter, op,
                                 /*lowerUnpadLikeWithExtractSlice=*/false)))
    return rewriter.notifyMatchFailure(op, "tiles are not static");
  return success();
}

static LogicalResult decomposeGenerate(tensor::GenerateOp op,
                                       PatternRewriter &rewriter) {
  if (failed(linalg::rewriteInDestinationPassingStyle(rewriter, op)))
    return rewriter.notifyMatchFailure(op, "body is not one block");
  return success();
}

/// min(max(x, low), high); upstream's expansion exchanges the two
/// (docs/UpstreamReports.md).
static LogicalResult decomposeClamp(math::ClampFOp op,
                                    PatternRewriter &rewriter) {
  Value bounded = arith::MaximumFOp::create(rewriter, op.getLoc(),
                                            op.getValue(), op.getMin());
  rewriter.replaceOpWithNewOp<arith::MinimumFOp>(op, bounded, op.getMax());
  return success();
}

void mlir::pdq::populateDecomposeAggregatesPatterns(
    RewritePatternSet &patterns) {
  patterns.add<DecomposeAggregate>(patterns.getContext());
  patterns.add(decomposePack).add(decomposeUnPack).add(decomposeGenerate);
  patterns.add(decomposeClamp);
  linalg::populateDecomposeWinogradOpsPatterns(patterns);
}
