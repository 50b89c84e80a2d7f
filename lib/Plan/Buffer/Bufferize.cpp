// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One-shot bufferization with the options that the launch plan needs, which
// upstream's pass does not offer: copies that are kernels.

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_BUFFERIZE
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

static bufferization::OneShotBufferizationOptions getOptions() {
  bufferization::OneShotBufferizationOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.setFunctionBoundaryTypeConversion(
      bufferization::LayoutMapOption::IdentityLayoutMap);
  options.memCpyFn = [](OpBuilder &builder, Location loc, Value from,
                        Value to) {
    linalg::CopyOp::create(builder, loc, from, to);
    return success();
  };
  return options;
}

/// Whether slices are put into the value of `use`.
static bool isDestination(OpOperand &use) {
  auto insert = dyn_cast<tensor::InsertSliceOp>(use.getOwner());
  return insert && &insert.getDestMutable() == &use;
}

/// Whether `op` fills a tensor with far fewer numbers than it has, such as a
/// bias that a convolution starts from.
static bool isBroadcast(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic->getNumResults() != 1 ||
      generic.getNumReductionLoops() > 0)
    return false;
  return llvm::none_of(generic.getDpsInputOperands(), [&](OpOperand *input) {
    return generic.getMatchingIndexingMap(input).getNumResults() ==
           generic.getNumLoops();
  });
}

/// Whether `use` is where a structured operation puts its result.
static bool isInit(OpOperand &use) {
  auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
  return op && op.isDpsInit(&use);
}

/// Gives every user its own destination: one buffer that several operations
/// want to write would be copied for all but the last.
static void separateDestinations(ModuleOp module, IRRewriter &rewriter) {
  SmallVector<Operation *> destinations;
  module.walk([&](Operation *op) {
    if (isa<tensor::EmptyOp, linalg::FillOp>(op) || isBroadcast(op))
      destinations.push_back(op);
  });
  // Users first, so that their copies get empty tensors of their own.
  for (Operation *op : llvm::reverse(destinations)) {
    // A slice that is taken from a buffer belongs to it; one that is put into
    // it starts a buffer of its own.
    bool isSliced =
        llvm::any_of(op->getUsers(), llvm::IsaPred<tensor::ExtractSliceOp>);
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : op->getResult(0).getUses())
      if (isa<linalg::GenericOp>(op) ? isInit(use)
                                     : isa<linalg::LinalgOp>(use.getOwner()) ||
                                           (!isSliced && isDestination(use)))
        uses.push_back(&use);
    if (!uses.empty() && uses.size() == op->getResult(0).getNumUses())
      uses.pop_back();
    for (OpOperand *use : uses) {
      rewriter.setInsertionPoint(use->getOwner());
      use->set(rewriter.clone(*op)->getResult(0));
    }
  }
}

namespace {
struct Bufferize : mlir::pdq::impl::BufferizeBase<Bufferize> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    IRRewriter rewriter(&getContext());
    separateDestinations(module, rewriter);
    bufferization::OneShotBufferizationOptions options = getOptions();
    bufferization::OneShotAnalysisState analysis(module, options);
    if (failed(bufferization::analyzeModuleOp(module, analysis)) ||
        failed(
            bufferization::eliminateEmptyTensors(rewriter, module, analysis)))
      return signalPassFailure();
    bufferization::BufferizationState state;
    if (failed(
            bufferization::runOneShotModuleBufferize(module, options, state)) ||
        failed(bufferization::dropEquivalentBufferResults(module)))
      return signalPassFailure();
    bufferization::removeBufferizationAttributesInModule(module);
  }
};
} // namespace
