// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream's fusion of elementwise operations, with the choice of what to fuse:
// memory traffic must fall, and nothing expensive may be computed twice.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Payloads up to this size are cheaper than the memory traffic they save.
static constexpr unsigned maxDuplicatedOps = 6;

/// Random draws up to this size are computed again rather than stored.
static constexpr unsigned maxDrawnOps = 48;

/// Inputs beyond this number make loops spill addresses.
static constexpr unsigned maxFusedInputs = 12;

/// Operations in one payload beyond which nothing is gained; what walks through
/// payloads may recurse.
static constexpr size_t maxPayload = 1024;

/// True for payloads that may be computed once more for another user.
static bool isCheap(linalg::GenericOp op) {
  unsigned numOps = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<arith::DivFOp, tensor::ExtractOp>(inner) ||
        (isa_and_nonnull<math::MathDialect>(inner.getDialect()) &&
         !isa<math::AbsFOp>(inner)))
      return false;
    if (!inner.hasTrait<OpTrait::ConstantLike>())
      ++numOps;
  }
  return numOps <= maxDuplicatedOps;
}

/// Operands of `op` with as many elements as it has results.
static unsigned countFullInputs(linalg::GenericOp op) {
  unsigned count = 0;
  for (OpOperand *input : op.getDpsInputOperands())
    count +=
        op.getMatchingIndexingMap(input).getNumResults() == op.getNumLoops();
  return count;
}

/// Whether a payload reads no tensor of its results' size, but computes or
/// gathers its elements, with nothing that takes long.
static bool isDrawn(linalg::GenericOp op) {
  if (countFullInputs(op) > 0 || op.getNumReductionLoops() > 0)
    return false;
  unsigned numOps = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<arith::DivFOp>(inner) ||
        isa_and_nonnull<math::MathDialect>(inner.getDialect()))
      return false;
    numOps += !inner.hasTrait<OpTrait::ConstantLike>();
  }
  return numOps <= maxDrawnOps;
}

/// Tensors from which a payload gathers elements.
static size_t countGathered(linalg::GenericOp op) {
  DenseSet<Value> gathered;
  op.walk([&](tensor::ExtractOp extract) {
    if (extract.getTensor().getType().getRank() > 0)
      gathered.insert(extract.getTensor());
  });
  return gathered.size();
}

/// Whether every user could take the producer of `value` into its payload, so
/// that the value is not stored.
static bool isOnlyRead(Value value) {
  return llvm::all_of(value.getUses(), [](OpOperand &use) {
    auto user = dyn_cast<linalg::GenericOp>(use.getOwner());
    return user && user.isDpsInput(&use) &&
           user.getMatchingIndexingMap(&use).isPermutation();
  });
}

/// Decides whether the producer of `operand` moves into its owner. With
/// `recompute` what is drawn moves into all of them.
static bool shouldFuse(OpOperand *operand, bool recompute) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  // Every loop of the consumer must walk over new elements, or the producer
  // would be computed many times: contractions and broadcasts.
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  if (!map.isPermutation()) {
    bool onlyMoves = llvm::hasSingleElement(*producer.getBody());
    bool isScalar = map.getNumResults() == 0;
    if (!(onlyMoves && map.isProjectedPermutation() &&
          consumer.getNumReductionLoops() == 0) &&
        !(isScalar && isCheap(producer)))
      return false;
  }
  if (producer.getNumDpsInputs() + consumer.getNumDpsInputs() >
      maxFusedInputs + 1)
    return false;
  if (producer.getBody()->getOperations().size() +
          consumer.getBody()->getOperations().size() >
      maxPayload)
    return false;
  bool onlyUser = llvm::all_of(producer->getUsers(), [&](Operation *user) {
    return user == consumer.getOperation();
  });
  // Without `recompute` loads count: a copy of the producer is worth it where
  // its result is stored all the same.
  bool isWorthCopy = isCheap(producer) && countFullInputs(producer) <= 1 &&
                     (!recompute || isOnlyRead(operand->get()));
  // What is stored all the same is read again more cheaply than two tensors.
  bool isWorthDrawing =
      recompute && isDrawn(producer) &&
      (countGathered(producer) <= 1 || isOnlyRead(operand->get()));
  return onlyUser || isWorthCopy || isWorthDrawing;
}

namespace {
struct FuseElementwise : mlir::pdq::impl::FuseElementwiseBase<FuseElementwise> {
  using Base::Base;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(
        patterns,
        [&](OpOperand *operand) { return shouldFuse(operand, recompute); });
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
    if (succeeded(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return;
    getOperation()->emitError("elementwise fusion did not converge");
    signalPassFailure();
  }
};
} // namespace
