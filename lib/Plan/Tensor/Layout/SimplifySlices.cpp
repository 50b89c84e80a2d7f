// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors that are put together from slices, or taken apart, without zeros,
// copies and, on a GPU, without the whole.

#include "SimplifySlices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SIMPLIFYSLICES
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
using PopulateFn = void (*)(RewritePatternSet &);

/// Counts the operations that patterns replace.
struct ReplacementCounter : RewriterBase::Listener {
  using Listener::notifyOperationReplaced;
  void notifyOperationReplaced(Operation *, ValueRange) override { ++count; }
  unsigned count = 0;
};

struct SimplifySlices : mlir::pdq::impl::SimplifySlicesBase<SimplifySlices> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration() || !function.getBody().hasOneBlock())
      return;
    join();
    if (split) {
      while (apply(populateSplitAtPiecesPatterns))
        ;
      if (failed(moveSlices()))
        return signalPassFailure();
      // Slices of what was put together from the parts.
      join();
    }
    numRewritten += counter.count;
  }

private:
  /// Applies patterns to each operation once, in the order of the function.
  /// Returns whether there was something to do.
  bool apply(PopulateFn populate) {
    RewritePatternSet patterns(&getContext());
    populate(patterns);
    unsigned before = counter.count;
    walkAndApplyPatterns(getOperation(), std::move(patterns), &counter);
    return counter.count != before;
  }

  void eraseDeadOperations() {
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
  }

  void join() {
    apply(populatePlaceConcatPatterns);
    eraseDeadOperations();
    apply(populateForwardPiecePatterns);
    // Before chains are flattened: halves of a batch stay whole, whatever they
    // are put together from.
    apply(populateAddPiecesPatterns);
    apply(populateDropZerosPatterns);
    eraseDeadOperations();
  }

  /// From the last operation to the first: what slices are taken of comes
  /// before them.
  LogicalResult moveSlices() {
    RewritePatternSet patterns(&getContext());
    populateMoveSlicesPatterns(patterns);
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(false)
        .setMaxIterations(GreedyRewriteConfig::kNoLimit)
        .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
        .enableFolding(false)
        .enableConstantCSE(false)
        .setListener(&counter);
    return applyPatternsGreedily(getOperation(), std::move(patterns), config);
  }

  ReplacementCounter counter;
};
} // namespace
