// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of sliding windows in a form in which every element of the result
// is computed at once: no element is loaded and stored for each tap, and loops
// over the result are parallel.

#include "ScatterToGather.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SCATTERTOGATHER
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct ScatterToGather : mlir::pdq::impl::ScatterToGatherBase<ScatterToGather> {
  using Base::Base;

  LogicalResult rewrite(RewriterBase &rewriter, linalg::GenericOp op) {
    std::optional<Scatter> scatter = matchScatter(op);
    if (!scatter)
      return rewriter.notifyMatchFailure(op, "no sum over sliding windows");
    if (form == GatherForm::Contractions && !isContraction(op))
      return rewriter.notifyMatchFailure(op, "no contraction");
    if (form == GatherForm::Elementwise &&
        succeeded(scatterToElementwise(rewriter, *scatter)))
      return success();
    return scatterToReduction(rewriter, *scatter);
  }

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> work;
    getOperation().walk([&](linalg::GenericOp op) { work.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : work)
      numGathered += succeeded(rewrite(rewriter, op));
  }
};
} // namespace
