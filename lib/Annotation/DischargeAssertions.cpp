// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates assertions on constants. torch-mlir asserts that no variance is
// zero, inside of elementwise operations; nothing else can be done with these
// operations while an assertion stands in them.

#include "DischargeAssertions.h"
#include "Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "pdq/IR/Constants.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

using Elements = std::optional<SmallVector<float>>;

/// Elements of `value`, in 32 bits as the network computes them.
static Elements evaluateTensor(Value value);

/// One scalar of the payload of `op` at element `index`; comparisons are 0 or
/// 1. Nothing where it depends on data or is not understood.
static std::optional<float> evaluateScalar(Value scalar, linalg::LinalgOp op,
                                           ArrayRef<Elements> inputs,
                                           size_t index) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (argument) {
    if (argument.getOwner() != op.getBlock() ||
        argument.getArgNumber() >= inputs.size())
      return std::nullopt;
    const Elements &input = inputs[argument.getArgNumber()];
    if (!input || input->empty())
      return std::nullopt;
    return (*input)[input->size() == 1 ? 0 : index];
  }
  FloatAttr constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return static_cast<float>(constant.getValueAsDouble());
  Operation *def = scalar.getDefiningOp();
  SmallVector<float> values;
  for (Value operand : def->getOperands()) {
    auto value = evaluateScalar(operand, op, inputs, index);
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  using Result = std::optional<float>;
  return llvm::TypeSwitch<Operation *, Result>(def)
      .Case([&](arith::AddFOp) { return Result(values[0] + values[1]); })
      .Case([&](arith::SubFOp) { return Result(values[0] - values[1]); })
      .Case([&](arith::MulFOp) { return Result(values[0] * values[1]); })
      .Case([&](arith::DivFOp) { return Result(values[0] / values[1]); })
      .Case([&](math::SqrtOp) { return Result(std::sqrt(values[0])); })
      .Case([&](math::RsqrtOp) { return Result(1 / std::sqrt(values[0])); })
      .Case<arith::TruncFOp, arith::ExtFOp>(
          [&](auto) { return Result(values[0]); })
      .Case([&](arith::CmpFOp compare) {
        return Result(arith::applyCmpPredicate(
            compare.getPredicate(), APFloat(values[0]), APFloat(values[1])));
      })
      .Default([](Operation *) { return Result(); });
}

/// Elements of the inputs of an elementwise operation that are read in order.
static SmallVector<Elements> evaluateInputs(linalg::LinalgOp op) {
  return llvm::map_to_vector(
      op.getDpsInputOperands(), [&](OpOperand *operand) -> Elements {
        auto type = dyn_cast<RankedTensorType>(operand->get().getType());
        bool inOrder = op.getMatchingIndexingMap(operand).isIdentity();
        if (!type || !type.hasStaticShape() ||
            (!inOrder && type.getNumElements() != 1))
          return std::nullopt;
        return evaluateTensor(operand->get());
      });
}

static Elements evaluateTensor(Value value) {
  while (isView(value.getDefiningOp()) &&
         !isa<linalg::TransposeOp>(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  if (Elements constant = readConstant<float>(value))
    return constant;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!isElementwise(value.getDefiningOp()) || !type.hasStaticShape())
    return std::nullopt;
  auto op = cast<linalg::LinalgOp>(value.getDefiningOp());
  SmallVector<Elements> inputs = evaluateInputs(op);
  SmallVector<float> elements;
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    auto element = evaluateScalar(op.getBlock()->getTerminator()->getOperand(0),
                                  op, inputs, i);
    if (!element)
      return std::nullopt;
    elements.push_back(*element);
  }
  return elements;
}

static LogicalResult discharge(cf::AssertOp assertion) {
  auto op = dyn_cast<linalg::LinalgOp>(assertion->getParentOp());
  auto type = op && op->getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  if (!type || !type.hasStaticShape())
    return assertion.emitError(
               "assertion cannot be evaluated at compile time: ")
           << assertion.getMsg();
  SmallVector<Elements> inputs = evaluateInputs(op);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    auto holds = evaluateScalar(assertion.getArg(), op, inputs, i);
    if (!holds)
      return assertion.emitError(
                 "assertion depends on data and cannot be evaluated at "
                 "compile time: ")
             << assertion.getMsg();
    if (*holds == 0)
      return assertion.emitError("assertion fails for element ")
             << i << ": " << assertion.getMsg();
  }
  assertion.erase();
  return success();
}

LogicalResult mlir::pdq::dischargeAssertions(Operation *root) {
  SmallVector<cf::AssertOp> assertions;
  root->walk([&](cf::AssertOp op) { assertions.push_back(op); });
  // An assertion in front of another must go first, since operations with one
  // are not elementwise to what follows; they are in order.
  for (cf::AssertOp assertion : assertions)
    if (failed(discharge(assertion)))
      return failure();
  return success();
}
