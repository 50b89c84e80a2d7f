// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inverse of `buildQuantize`: what stands between an activation and its
// integers.

#include "pdq/Export/Quant/QuantizeArithmetic.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// The number that an operation of type `OpT` joins `value` with, which becomes
/// its other operand; nothing where `value` comes from another operation or the
/// number is no constant.
template <typename OpT> static std::optional<double> takeOff(Value &value) {
  auto op = value.getDefiningOp<OpT>();
  FloatAttr number;
  if (!op || !matchPattern(op->getOperand(1), m_Constant(&number)))
    return std::nullopt;
  value = op->getOperand(0);
  return number.getValueAsDouble();
}

/// Whether `op` computes each element of its result from the one of its input
/// at the same place.
static bool isMap(linalg::GenericOp op) {
  return op && op->getNumResults() == 1 && op.getNumDpsInputs() == 1 &&
         op.getNumReductionLoops() == 0 &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

std::optional<QuantizeArithmetic> mlir::pdq::matchQuantize(Value integers) {
  auto op = integers.getDefiningOp<linalg::GenericOp>();
  if (!isMap(op))
    return std::nullopt;
  Value value = op.getBlock()->getTerminator()->getOperand(0);
  Operation *conversion = value.getDefiningOp();
  if (!isa_and_nonnull<arith::FPToUIOp, arith::FPToSIOp>(conversion))
    return std::nullopt;
  value = conversion->getOperand(0);
  auto max = takeOff<arith::MinNumFOp>(value);
  auto min = takeOff<arith::MaxNumFOp>(value);
  // Adding 0 folds away.
  std::optional<double> zeroPoint = takeOff<arith::AddFOp>(value);
  auto rounded = value.getDefiningOp<math::RoundEvenOp>();
  if (!max || !min || !rounded)
    return std::nullopt;
  value = rounded.getOperand();
  auto scale = takeOff<arith::DivFOp>(value);
  if (value != op.getBlock()->getArgument(0))
    return std::nullopt;
  return QuantizeArithmetic{op.getDpsInputs()[0], scale.value_or(1),
                            int64_t(zeroPoint.value_or(0)), int64_t(*min),
                            int64_t(*max)};
}
