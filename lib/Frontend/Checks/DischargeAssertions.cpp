// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates assertions on constants. torch-mlir asserts that no variance is
// zero, inside of elementwise operations; nothing else can be done with these
// operations while an assertion stands in them.

#include "pdq/Frontend/Checks/DischargeAssertions.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Network/Constants/ConstantEvaluator.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether the operation that an assertion stands in, or the assertion itself,
/// reads data.
static bool dependsOnData(cf::AssertOp assertion) {
  Operation *op = assertion;
  while (op->getParentOp() &&
         !op->getParentOp()->hasTrait<OpTrait::IsIsolatedFromAbove>())
    op = op->getParentOp();
  DataPath path(*op->getBlock());
  SetVector<Value> read(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), read);
  return llvm::any_of(read, [&](Value v) { return path.contains(v); });
}

static LogicalResult discharge(cf::AssertOp assertion,
                               ConstantEvaluator &evaluator) {
  std::optional<bool> holds;
  if (auto op = dyn_cast<linalg::LinalgOp>(assertion->getParentOp()))
    holds = evaluator.isAlwaysTrue(assertion.getArg(), op);
  else if (auto scalar = evaluator.evaluateScalar(assertion.getArg()))
    holds = scalar->integer != 0;
  if (!holds)
    return assertion.emitError()
           << (dependsOnData(assertion)
                   ? "assertion depends on data and cannot be evaluated at "
                     "compile time: "
                   : "assertion cannot be evaluated at compile time: ")
           << assertion.getMsg();
  if (!*holds)
    return assertion.emitError("assertion is false: ") << assertion.getMsg();
  assertion.erase();
  return success();
}

LogicalResult mlir::pdq::dischargeAssertions(Operation *root) {
  SmallVector<cf::AssertOp> assertions;
  root->walk([&](cf::AssertOp op) { assertions.push_back(op); });
  ConstantEvaluator evaluator;
  for (cf::AssertOp assertion : assertions)
    if (failed(discharge(assertion, evaluator)))
      return failure();
  return success();
}
