// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends assert that the number of a token is in its table. Compiled code
// cannot stop in the middle of a kernel; it never reads outside of a tensor.

#include "pdq/Frontend/Checks/DropPositionChecks.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

/// The operands of a structured operation that `scalars` of its payload are
/// computed from.
static llvm::SmallPtrSet<OpOperand *, 4> findOperands(linalg::LinalgOp op,
                                                      ValueRange scalars) {
  llvm::SmallPtrSet<OpOperand *, 4> operands;
  llvm::SetVector<Value> slice(scalars.begin(), scalars.end());
  for (size_t i = 0; i < slice.size(); ++i) {
    auto argument = dyn_cast<BlockArgument>(slice[i]);
    if (argument && argument.getOwner() == op.getBlock())
      operands.insert(op.getMatchingOpOperand(argument));
    else if (Operation *def = slice[i].getDefiningOp();
             def && def->getBlock() == op.getBlock())
      slice.insert(def->operand_begin(), def->operand_end());
  }
  return operands;
}

/// Whether `assertion` looks at integers from data alone, all of which are
/// positions of a read in the same payload.
static bool checksPosition(cf::AssertOp assertion, const DataPath &path) {
  auto op = dyn_cast<linalg::LinalgOp>(assertion->getParentOp());
  if (!op)
    return false;
  auto checked = findOperands(op, assertion.getArg());
  llvm::SmallPtrSet<OpOperand *, 4> positions;
  for (auto read : op.getBlock()->getOps<tensor::ExtractOp>())
    positions.insert_range(findOperands(op, read.getIndices()));
  return !checked.empty() && llvm::all_of(checked, [&](OpOperand *operand) {
    return path.contains(operand->get()) && positions.contains(operand) &&
           getElementTypeOrSelf(operand->get().getType()).isIntOrIndex();
  });
}

void mlir::pdq::dropPositionChecks(func::FuncOp network) {
  DataPath path(network.getBody().front());
  SmallVector<cf::AssertOp> checks;
  network.walk([&](cf::AssertOp assertion) {
    if (checksPosition(assertion, path))
      checks.push_back(assertion);
  });
  if (checks.empty())
    return;
  checks.front().emitRemark(
      "positions that come from data are not checked: one outside of the "
      "tensor reads the element at its border");
  for (cf::AssertOp check : checks)
    check.erase();
}
