// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One spelling of structured operations: passes recognize them by their maps
// and payloads.

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_GENERALIZE
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;

namespace {
/// Spells a named operation as a generic one, unless it is a fill.
struct GeneralizeOp : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (isa<linalg::GenericOp, linalg::FillOp>(op))
      return rewriter.notifyMatchFailure(op, "already in its form");
    return linalg::generalizeNamedOp(rewriter, op);
  }
};

struct Generalize : mlir::pdq::impl::GeneralizeBase<Generalize> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GeneralizeOp>(&getContext());
    if (succeeded(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return;
    getOperation()->emitError("generalization did not converge");
    signalPassFailure();
  }
};
} // namespace
