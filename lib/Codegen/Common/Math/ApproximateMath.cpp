// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transcendental functions as arithmetic, so that they vectorize and give the
// same bits on every CPU.

#include "FloatMath.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Keeps the fused operations of the user out of reach of `SplitFMA`.
struct ProtectFMA : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    // Not vector.fma, which may be rounded twice.
    rewriter.replaceOpWithNewOp<LLVM::FMAOp>(op, op.getType(), op.getA(),
                                             op.getB(), op.getC());
    return success();
  }
};

/// Rounds twice: the fused operations of the approximations would be calls of
/// the C library on CPUs without them, or other bits.
struct SplitFMA : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

struct ApproximateMath : mlir::pdq::impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet protect(context), expand(context), split(context);
    protect.add<ProtectFMA>(context);
    populatePowerPatterns(expand);
    populatePeriodicPatterns(expand);
    populateHyperbolicPatterns(expand);
    math::populateExpansionPatterns(expand, {"fpowi"});
    populateMathPolynomialApproximationPatterns(expand, [](StringRef name) {
      return llvm::is_contained({"math.exp", "math.log", "math.log2",
                                 "math.log1p", "math.expm1", "math.tanh",
                                 "math.erf", "math.erfc", "math.atan",
                                 "math.atan2", "math.asin", "math.acos"},
                                name);
    });
    split.add<SplitFMA>(context);
    for (RewritePatternSet *patterns : {&protect, &expand, &split})
      if (failed(applyPatternsGreedily(getOperation(), std::move(*patterns)))) {
        getOperation()->emitError("expansion of functions did not converge");
        return signalPassFailure();
      }
  }
};
} // namespace
