// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clamped positions and divisors that are never zero.

#include "pdq/Support/GuardScalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether `index` is an element of a constant operand, all of which are in
/// [0, size).
static bool isInsideTable(Value index, int64_t size) {
  auto cast = index.getDefiningOp<arith::IndexCastOp>();
  auto argument =
      cast ? dyn_cast<BlockArgument>(cast.getIn()) : BlockArgument();
  auto op = argument
                ? dyn_cast<linalg::LinalgOp>(argument.getOwner()->getParentOp())
                : linalg::LinalgOp();
  DenseIntElementsAttr table;
  if (!op || !matchPattern(op.getMatchingOpOperand(argument)->get(),
                           m_Constant(&table)))
    return false;
  return llvm::all_of(table.getValues<APInt>(), [&](const APInt &position) {
    return position.isNonNegative() && position.getSExtValue() < size;
  });
}

/// Whether `index` is known to be in [0, size).
static bool isInside(Value index, int64_t size) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.isNonNegative() && constant.getSExtValue() < size;
  if (isInsideTable(index, size))
    return true;
  auto counter = index.getDefiningOp<linalg::IndexOp>();
  if (!counter)
    return false;
  auto op = cast<linalg::LinalgOp>(counter->getParentOp());
  int64_t steps = op.getStaticLoopRanges()[counter.getDim()];
  return !ShapedType::isDynamic(steps) && steps <= size;
}

static void clampPositions(tensor::ExtractOp op) {
  auto type = cast<RankedTensorType>(op.getTensor().getType());
  ImplicitLocOpBuilder b(op.getLoc(), op);
  if (llvm::is_contained(type.getShape(), 0)) { // There is nothing to read.
    op.replaceAllUsesWith(
        arith::ConstantOp::create(b, b.getZeroAttr(type.getElementType()))
            .getResult());
    return op.erase();
  }
  for (auto [dim, operand] : llvm::enumerate(op.getIndicesMutable())) {
    int64_t size = type.getDimSize(dim);
    if (isInside(operand.get(), size))
      continue;
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value last = ShapedType::isDynamic(size)
                     ? arith::SubIOp::create(
                           b, tensor::DimOp::create(b, op.getTensor(), dim),
                           arith::ConstantIndexOp::create(b, 1))
                           .getResult()
                     : arith::ConstantIndexOp::create(b, size - 1).getResult();
    Value low = arith::MaxSIOp::create(b, operand.get(), zero);
    operand.set(arith::MinSIOp::create(b, low, last));
  }
}

/// 1 where dividing by the divisor is undefined, else the divisor.
static void guardDivisor(Operation *op, bool isSigned) {
  Value dividend = op->getOperand(0), divisor = op->getOperand(1);
  APInt constant;
  if (matchPattern(divisor, m_ConstantInt(&constant)) && !constant.isZero() &&
      !(isSigned && constant.isAllOnes()))
    return;
  Type type = divisor.getType();
  auto integer = dyn_cast<IntegerType>(type);
  unsigned width = integer ? integer.getWidth() : 64;
  ImplicitLocOpBuilder b(op->getLoc(), op);
  auto make = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
  };
  auto equals = [&](Value value, const APInt &other) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value,
                                 make(other));
  };
  Value undefined = equals(divisor, APInt::getZero(width));
  if (isSigned) {
    Value overflows = arith::AndIOp::create(
        b, equals(divisor, APInt::getAllOnes(width)),
        equals(dividend, APInt::getSignedMinValue(width)));
    undefined = arith::OrIOp::create(b, undefined, overflows);
  }
  op->setOperand(
      1, arith::SelectOp::create(b, undefined, make(APInt(width, 1)), divisor));
}

void mlir::pdq::guardScalars(Operation *root) {
  root->walk([](Operation *op) {
    if (auto extract = dyn_cast<tensor::ExtractOp>(op))
      return clampPositions(extract);
    if (op->getNumOperands() != 2 ||
        !op->getOperand(1).getType().isIntOrIndex())
      return;
    if (isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
      return guardDivisor(op, /*isSigned=*/false);
    if (isa<arith::DivSIOp, arith::RemSIOp, arith::CeilDivSIOp,
            arith::FloorDivSIOp>(op))
      guardDivisor(op, /*isSigned=*/true);
  });
}
