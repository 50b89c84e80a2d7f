// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Means: what divides a sum by the number of its elements, a constant once the
// sizes are known, divides by the number that there is.

#include "BlockResizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether the payload only adds to what there is.
static bool isSum(linalg::LinalgOp op) {
  if (op->getNumResults() != 1)
    return false;
  auto yield = cast<linalg::YieldOp>(op.getBlock()->getTerminator());
  auto sum = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  Value out = op.getBlock()->getArguments().back();
  return sum && llvm::is_contained(sum->getOperands(), out);
}

/// Remembers how many elements a sum has, where some of their number are
/// dynamic.
void BlockResizer::countElements(linalg::LinalgOp op,
                                 ArrayRef<AffineExpr> ranges) {
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  if (!isSum(op))
    return;
  AffineExpr count = constant(1);
  for (unsigned loop : loops)
    count = count * ranges[loop];
  if (!isa<AffineConstantExpr>(count))
    counts[op->getResult(0)] = count;
}

/// What stands behind a sum without adding to it is the same sum.
void BlockResizer::keepCount(Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  bool isElementwise = structured && structured.getNumLoops() ==
                                         structured.getNumParallelLoops();
  if (!isElementwise &&
      !isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
           tensor::ExtractSliceOp, tensor::CastOp, FakeQuantOp, BatchNormOp>(
          op))
    return;
  for (Value operand : op->getOperands())
    if (auto found = counts.find(operand);
        found != counts.end() && op->getNumResults() == 1) {
      AffineExpr count = found->second;
      counts[op->getResult(0)] = count;
      return;
    }
}

/// The number that a scalar of the payload is; nothing where it is computed.
static std::optional<APFloat> getNumber(linalg::LinalgOp op, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument && argument.getOwner() == op.getBlock())
    value = op->getOperand(argument.getArgNumber());
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  if (auto splat = dyn_cast<SplatElementsAttr>(attribute))
    attribute = splat.getSplatValue<Attribute>();
  auto number = dyn_cast<FloatAttr>(attribute);
  return number ? std::optional(number.getValue()) : std::nullopt;
}

/// The number of elements, rounded as the network's scalar was.
Value BlockResizer::buildCount(OpBuilder &b, Location loc, AffineExpr count,
                               Type type) {
  Value size =
      getValueOrCreateConstantIndexOp(b, loc, buildSize(b, loc, count));
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), size);
  return arith::SIToFPOp::create(b, loc, type, integer);
}

/// Computes the divisors of `op` that are the number of elements of what it
/// divides, and factors that are one over it.
void BlockResizer::computeDivisors(linalg::LinalgOp op) {
  auto found = llvm::find_if(op->getOperands(),
                             [&](Value v) { return counts.contains(v); });
  if (found == op->getOperands().end())
    return;
  AffineExpr count = counts.lookup(*found);
  OpBuilder b(op);
  auto replaceBy = [&](OpOperand &operand, bool isInverse) {
    auto type = dyn_cast<FloatType>(operand.get().getType());
    std::optional<APFloat> number = getNumber(op, operand.get());
    if (!type || !number)
      return false;
    APFloat wanted(number->getSemantics(), 1);
    APFloat elements(number->getSemantics());
    elements.convertFromAPInt(APInt(64, evaluate(count)), /*IsSigned=*/true,
                              APFloat::rmNearestTiesToEven);
    if (isInverse)
      wanted.divide(elements, APFloat::rmNearestTiesToEven);
    else
      wanted = elements;
    if (!number->bitwiseIsEqual(wanted))
      return false;
    Value made = buildCount(b, op.getLoc(), count, type);
    if (isInverse)
      made = arith::DivFOp::create(
          b, op.getLoc(),
          arith::ConstantOp::create(b, op.getLoc(), b.getFloatAttr(type, 1)),
          made);
    operand.set(made);
    addDoubt(op, "divides a sum by " + Twine(evaluate(count)) +
                     ", which is the number of its elements");
    return true;
  };
  bool isDivided = false;
  op->walk([&](Operation *inner) {
    if (isa<arith::DivFOp>(inner))
      isDivided |= replaceBy(inner->getOpOperand(1), /*isInverse=*/false);
    else if (isa<arith::MulFOp>(inner))
      isDivided |= replaceBy(inner->getOpOperand(0), /*isInverse=*/true) ||
                   replaceBy(inner->getOpOperand(1), /*isInverse=*/true);
  });
  if (isDivided)
    for (Value result : op->getResults())
      counts.erase(result);
}
