// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives contractions operands whose innermost dimension is that of the result,
// so that vectors of them are loaded at once.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
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

/// Gives `op` copies of the operands that do not have the vector loop
/// innermost; false where it needs none.
static bool pack(RewriterBase &rewriter, linalg::LinalgOp op) {
  AffineExpr vectorLoop = getVectorLoop(op);
  if (!vectorLoop)
    return false;
  rewriter.setInsertionPoint(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  bool changed = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap &map = maps[input->getOperandNumber()];
    std::optional<unsigned> dim = map.getResultPosition(vectorLoop);
    if (!dim || *dim + 1 == map.getNumResults())
      continue;
    SmallVector<int64_t> permutation;
    input->set(buildMovedToEnd(rewriter, op.getLoc(), input->get(), *dim,
                               permutation));
    map = AffineMap::get(map.getNumDims(), 0,
                         applyPermutation(map.getResults(), permutation),
                         map.getContext());
    changed = true;
  }
  if (!changed)
    return false;
  // A named operation has fixed maps.
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic)
    generic = *linalg::generalizeNamedOp(rewriter, op);
  generic.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  return true;
}

namespace {
struct PackOperands : pdq::impl::PackOperandsBase<PackOperands> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> contractions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isContraction(op))
        contractions.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : contractions)
      numPacked += pack(rewriter, op);
  }
};
} // namespace
