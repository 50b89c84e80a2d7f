// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes by the root of each buffer.

#include "pdq/Plan/Analysis/BufferAccesses.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"

using namespace mlir;
using namespace mlir::pdq;

Value mlir::pdq::getRoot(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

/// Where a slice of slices lies in its root; nothing where that is not known.
static std::optional<StaticSlice> getBoxInRoot(Value value) {
  auto type = cast<MemRefType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (auto subview = dyn_cast_or_null<memref::SubViewOp>(op)) {
    std::optional<StaticSlice> outer = getBoxInRoot(subview.getSource()),
                               inner = StaticSlice::get(subview);
    if (!outer || !inner)
      return std::nullopt;
    return outer->compose(*inner);
  }
  if (isa_and_nonnull<memref::CastOp>(op)) {
    auto source = dyn_cast<MemRefType>(op->getOperand(0).getType());
    if (!source || source.getShape() != type.getShape())
      return std::nullopt;
    return getBoxInRoot(op->getOperand(0));
  }
  if (getRoot(value) != value || !type.hasStaticShape())
    return std::nullopt;
  return StaticSlice::getWhole(type.getShape());
}

bool mlir::pdq::mayOverlap(Value lhs, Value rhs) {
  if (lhs == rhs)
    return true;
  if (getRoot(lhs) != getRoot(rhs))
    return false;
  std::optional<StaticSlice> own = getBoxInRoot(lhs), other = getBoxInRoot(rhs);
  return !own || !other || !own->isDisjointFrom(*other);
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
