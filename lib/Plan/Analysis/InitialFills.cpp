// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fills whose only purpose is to start a reduction.

#include "pdq/Plan/Analysis/InitialFills.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "pdq/Plan/Analysis/BufferAccesses.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether `op` works on memory of `root`; views only name it.
static bool touches(Operation *op, Value root) {
  if (isa<ViewLikeOpInterface>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return isa<MemRefType>(operand.getType()) && getRoot(operand) == root;
  });
}

/// Whether `op` reduces into every element of its one result, and reads the
/// result's memory nowhere else.
static bool startsFrom(linalg::LinalgOp op, Value buffer) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 ||
      op.getDpsInits()[0] != buffer)
    return false;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  Value root = getRoot(buffer);
  bool readsElsewhere = llvm::any_of(op.getDpsInputs(), [&](Value input) {
    return isa<MemRefType>(input.getType()) && getRoot(input) == root;
  });
  // What the payload loads is not among the operands.
  op->walk([&](Operation *inner) {
    readsElsewhere |= inner != op.getOperation() && touches(inner, root);
  });
  return map.isProjectedPermutation() && !readsElsewhere;
}

llvm::DenseMap<Operation *, linalg::FillOp>
mlir::pdq::findInitialFills(func::FuncOp function) {
  llvm::DenseMap<Operation *, linalg::FillOp> fills;
  for (auto fill : function.getOps<linalg::FillOp>()) {
    if (!fill.hasPureBufferSemantics())
      continue;
    Value buffer = fill.getOutputs()[0], root = getRoot(buffer);
    Operation *next = fill->getNextNode();
    while (next && !touches(next, root))
      next = next->getNextNode();
    auto user = dyn_cast_or_null<linalg::LinalgOp>(next);
    if (user && startsFrom(user, buffer))
      fills[user] = fill;
  }
  return fills;
}
