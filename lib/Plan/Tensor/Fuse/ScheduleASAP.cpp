// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations stand where their operands are there, so that those on the same
// elements are neighbours: the gradient of a loss beside the loss.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SCHEDULEASAP
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Elementwise operations and sums of the elements of a tensor are moved,
/// products and windows are not; what only names tensors goes along.
static bool isMovable(Operation *op) {
  if (isa<tensor::ExtractSliceOp, tensor::EmptyOp, tensor::CollapseShapeOp,
          tensor::ExpandShapeOp, linalg::FillOp>(op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic &&
         (generic.getNumReductionLoops() == 0 ||
          llvm::any_of(generic.getDpsInputOperands(), [&](OpOperand *input) {
            return generic.getMatchingIndexingMap(input).isPermutation();
          }));
}

/// The last operation of the block that `op` depends on, or null.
static Operation *findLastOperand(Operation *op) {
  SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  Operation *last = nullptr;
  for (Value value : values) {
    Operation *definition = value.getDefiningOp();
    if (definition && (!last || last->isBeforeInBlock(definition)))
      last = definition;
  }
  return last;
}

/// Moves `op` up; false where it stands right already.
static bool moveUp(Operation *op) {
  Operation *last = findLastOperand(op);
  Operation *place = last ? last->getNextNode() : &op->getBlock()->front();
  // Behind what has moved there before.
  while (place != op && isMovable(place))
    place = place->getNextNode();
  if (place == op)
    return false;
  op->moveBefore(place);
  return true;
}

/// Inserts the pieces of tensors in the order in which they are computed, each
/// behind its computation.
static void sortPieces(Block &block) {
  IRRewriter rewriter(block.getParentOp()->getContext());
  for (auto last : llvm::to_vector(block.getOps<tensor::InsertSliceOp>())) {
    auto isLink = [&](OpOperand &use) {
      auto next = dyn_cast<tensor::InsertSliceOp>(use.getOwner());
      return next && next.getDest() == last.getResult();
    };
    InsertSliceChain chain =
        InsertSliceChain::get(last.getResult(), /*flatten=*/false);
    if (chain.pieces.size() < 2 || !chain.isCovered() ||
        llvm::any_of(last->getUses(), isLink))
      continue;
    Value sorted = chain.build(rewriter, last.getLoc());
    rewriter.replaceAllUsesWith(last.getResult(), sorted);
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isa<tensor::InsertSliceOp, tensor::EmptyOp>(op) && op.use_empty())
      rewriter.eraseOp(&op);
}

namespace {
struct ScheduleASAP : pdq::impl::ScheduleASAPBase<ScheduleASAP> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    Block &block = getOperation().getBody().front();
    for (Operation &op : llvm::make_early_inc_range(block))
      numMoved += isMovable(&op) && moveUp(&op);
    sortPieces(block);
  }
};
} // namespace
