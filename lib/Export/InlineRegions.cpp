// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A region stands for two networks; executing or exporting one of them starts
// by choosing.

#include "mlir/IR/PatternMatch.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INLINEREGIONS
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Moves one body of `op` in front of it and lets its yield replace `op`.
static void inlineBody(IRRewriter &rewriter, RegionOp op, RegionBody which) {
  Region &body =
      which == RegionBody::Float ? op.getFloatBody() : op.getQuantizedBody();
  Block &block = body.front();
  auto yield = cast<YieldOp>(block.getTerminator());
  rewriter.inlineBlockBefore(&block, op, op.getInputs());
  rewriter.replaceOp(op, yield.getResults());
  rewriter.eraseOp(yield);
}

namespace {
struct InlineRegions : pdq::impl::InlineRegionsBase<InlineRegions> {
  using InlineRegionsBase::InlineRegionsBase;

  void runOnOperation() override {
    SmallVector<RegionOp> regions;
    getOperation()->walk([&](RegionOp op) { regions.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (RegionOp op : regions)
      inlineBody(rewriter, op, body);
    // They told how regions were made.
    dropRecordedOptions(getOperation());
    numInlined = regions.size();
  }
};
} // namespace
