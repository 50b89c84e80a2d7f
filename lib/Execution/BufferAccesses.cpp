// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes by the root of each buffer.

#include "BufferAccesses.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace mlir::pdq;

Value mlir::pdq::getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(op))
      value = view.getViewSource();
    else if (isa<UnrealizedConversionCastOp>(op))
      value = op->getOperand(0);
    else
      break;
  }
  return value;
}

bool BufferAccesses::conflictsWith(const BufferAccesses &other) const {
  auto meet = [](const auto &lhs, const auto &rhs) {
    return llvm::any_of(lhs, [&](Value value) { return rhs.contains(value); });
  };
  return isUnknown || other.isUnknown || meet(writes, other.writes) ||
         meet(writes, other.reads) || meet(reads, other.writes);
}

BufferAccesses mlir::pdq::getAccesses(Operation *op) {
  BufferAccesses accesses;
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured) {
    accesses.isUnknown = !isa<ViewLikeOpInterface, memref::AllocOp>(op) &&
                         !isMemoryEffectFree(op);
    return accesses;
  }
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    Value root = getRoot(operand.get());
    if (structured.isDpsInit(&operand))
      accesses.writes.insert(root);
    if (structured.payloadUsesValueFromOperand(&operand))
      accesses.reads.insert(root);
  }
  // What the payload loads is not among the operands.
  op->walk([&](memref::LoadOp load) {
    accesses.reads.insert(getRoot(load.getMemRef()));
  });
  return accesses;
}

void mlir::pdq::moveBefore(Value value, Operation *place) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place))
    return;
  for (Value operand : op->getOperands())
    moveBefore(operand, place);
  op->moveBefore(place);
}
