// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives contractions operands whose innermost dimension is that of the result,
// so that vectors of them are loaded at once.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_PACKOPERANDS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// The loop of the result's innermost dimension; null where it is compound.
static AffineExpr getVectorLoop(linalg::LinalgOp op) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (map.getNumResults() == 0)
    return {};
  AffineExpr last = map.getResults().back();
  return isa<AffineDimExpr>(last) ? last : AffineExpr();
}

/// Moves dimension `dim` of a tensor to the end.
static Value buildMovedToEnd(OpBuilder &b, Location loc, Value value,
                             int64_t dim, SmallVector<int64_t> &permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i != dim)
      permutation.push_back(i);
  permutation.push_back(dim);
  Value empty = tensor::EmptyOp::create(
      b, loc, applyPermutation(type.getShape(), permutation),
      type.getElementType());
  return linalg::TransposeOp::create(b, loc, value, empty, permutation)
      ->getResult(0);
}

namespace {
struct PackOperands : pdq::impl::PackOperandsBase<PackOperands> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> contractions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isContraction(op))
        contractions.push_back(op);
    });
    for (linalg::LinalgOp op : contractions)
      pack(op);
  }

private:
  void pack(linalg::LinalgOp op);
};
} // namespace

void PackOperands::pack(linalg::LinalgOp op) {
  AffineExpr vectorLoop = getVectorLoop(op);
  if (!vectorLoop)
    return;
  OpBuilder builder(op);
  SmallVector<Value> operands(op->getOperands());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  bool changed = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap &map = maps[input->getOperandNumber()];
    const auto *found = llvm::find(map.getResults(), vectorLoop);
    int64_t dim = found - map.getResults().begin();
    if (found == map.getResults().end() ||
        dim + 1 == static_cast<int64_t>(map.getNumResults()))
      continue;
    SmallVector<int64_t> permutation;
    operands[input->getOperandNumber()] =
        buildMovedToEnd(builder, op.getLoc(), input->get(), dim, permutation);
    map = AffineMap::get(map.getNumDims(), 0,
                         applyPermutation(map.getResults(), permutation),
                         map.getContext());
    changed = true;
  }
  if (!changed)
    return;
  // A named operation has fixed maps.
  auto generic = linalg::GenericOp::create(
      builder, op.getLoc(), op->getResultTypes(),
      ValueRange(operands).take_front(2), ValueRange(operands).drop_front(2),
      maps, op.getIteratorTypesArray());
  generic.getRegion().takeBody(op->getRegion(0));
  op->replaceAllUsesWith(generic.getResults());
  op->erase();
  ++numPacked;
}
