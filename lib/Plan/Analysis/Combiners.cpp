// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Combining operations of reductions.

#include "pdq/Plan/Analysis/Combiners.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::pdq;

Operation *mlir::pdq::findCombiner(linalg::LinalgOp op) {
  BlockArgument output = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Operation *combiner =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  bool isKnown =
      isa_and_nonnull<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp,
                      arith::MaxNumFOp, arith::MinNumFOp>(combiner);
  return isKnown && output.hasOneUse() && *output.user_begin() == combiner
             ? combiner
             : nullptr;
}

Value mlir::pdq::buildIdentity(OpBuilder &b, Location loc, Operation *combiner,
                               FloatType type) {
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  bool isMax = isa<arith::MaximumFOp, arith::MaxNumFOp>(combiner);
  APFloat number = isa<arith::AddFOp>(combiner)
                       ? APFloat::getZero(semantics)
                       : APFloat::getInf(semantics, /*Negative=*/isMax);
  return arith::ConstantOp::create(b, loc, FloatAttr::get(type, number));
}

Value mlir::pdq::getTerm(linalg::LinalgOp op) {
  auto sum = dyn_cast_or_null<arith::AddFOp>(findCombiner(op));
  if (!sum)
    return {};
  bool isLeft =
      sum.getLhs() == op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  return isLeft ? sum.getRhs() : sum.getLhs();
}

bool mlir::pdq::isContraction(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumDpsInputs() != 2 ||
      op.getNumReductionLoops() == 0 ||
      !llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
        return op.payloadUsesValueFromOperand(input);
      }))
    return false;
  Value term = getTerm(op);
  return term && term.getDefiningOp<arith::MulFOp>();
}
