// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of kernels of rows: for each group a loop over the thread's
// elements, then its sums are combined; groups wait for each other.

#include "pdq/Codegen/GPU/Rows/RowEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/Common/PayloadEmitter.h"
#include "pdq/Codegen/GPU/Epilogue/BlockSums.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// An operation of the current group.
struct Member {
  Member(ImplicitLocOpBuilder &b, const RowOp &part)
      : part(part), payload(b, part.nest, part.nest.lanes) {
    position.indices.resize(part.nest.space.loops.size());
  }

  const KernelOperand &getOutput() const {
    return part.nest.space.getOutput(0);
  }
  unsigned getOutputNumber() const {
    return part.getOp().getDpsInitOperand(0)->getOperandNumber();
  }

  const RowOp &part;
  PayloadEmitter payload;
  NestPosition position;
};

class RowEmitter {
public:
  RowEmitter(plan::KernelOp kernel, const RowStrategy &strategy)
      : kernel(kernel), strategy(strategy),
        b(kernel.getLoc(), kernel.getBody().front().getTerminator()),
        threads(strategy.getBlockSize()) {}
  void emit();

private:
  using Members = std::vector<std::unique_ptr<Member>>;
  void emitGroup(const RowGroup &group);
  SmallVector<Value> emitPieces(const RowGroup &group, Members &members);
  SmallVector<Value> emitPiece(Members &members, ValueRange sums);
  void emitElements(Member &member);
  Value emitTerm(Member &member, Value sum);
  void share(Member &member);
  void emitSums(Members &members, ArrayRef<Value> sums);
  void storeSum(Member &member, Value sum);
  void guarded(Value condition, function_ref<void()> body);

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  plan::KernelOp kernel;
  const RowStrategy &strategy;
  ImplicitLocOpBuilder b;
  int64_t threads;
  Value thread;
  SmallVector<Value> rowIndices;
  /// What the current piece holds: operands with values, by operation.
  std::vector<std::tuple<const KernelOperand *, Value>> elements;
};
} // namespace

void RowEmitter::guarded(Value condition, function_ref<void()> body) {
  auto guard = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  body();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Hands `member` the elements that operations before it have loaded or
/// computed, the latest where there are several, and notes what it loads.
void RowEmitter::share(Member &member) {
  member.payload.startPosition();
  linalg::LinalgOp op = member.part.getOp();
  for (OpOperand *input : op.getDpsInputOperands()) {
    unsigned number = input->getOperandNumber();
    const KernelOperand &operand = member.part.nest.space.operands[number];
    if (!operand.type || !op.payloadUsesValueFromOperand(input))
      continue;
    for (auto [other, value] : elements)
      if (other->buffer == operand.buffer && other->offset == operand.offset &&
          other->strides == operand.strides)
        member.payload.provide(number, value);
    elements.emplace_back(&operand,
                          member.payload.load(number, member.position));
  }
}

void RowEmitter::emitElements(Member &member) {
  linalg::LinalgOp op = member.part.getOp();
  SmallVector<Value> values = member.payload.evaluate(
      op.getBlock()->getTerminator()->getOperands(), member.position);
  for (auto [i, value] : llvm::enumerate(values)) {
    unsigned number = op.getNumDpsInputs() + i;
    const KernelOperand &operand = member.part.nest.space.operands[number];
    value = member.payload.widen(value);
    elements.emplace_back(&operand, value);
    if (!kernel.getArgAttr(operand.buffer.getArgNumber(),
                           plan::registerOnlyName))
      member.payload.store(value, number, member.position);
  }
}

Value RowEmitter::emitTerm(Member &member, Value sum) {
  return buildCombined(b, member.payload, member.part.nest.reduction, sum,
                       member.position);
}

/// All operations of a group at one piece; returns the new sums.
SmallVector<Value> RowEmitter::emitPiece(Members &members, ValueRange sums) {
  SmallVector<Value> results;
  elements.clear();
  for (auto &member : members) {
    share(*member);
    if (member->part.reduces())
      results.push_back(emitTerm(*member, sums[results.size()]));
    else
      emitElements(*member);
  }
  for (auto &member : members)
    member->payload.startPosition();
  return results;
}

/// The loop over the thread's pieces; returns its part of each sum.
SmallVector<Value> RowEmitter::emitPieces(const RowGroup &group,
                                          Members &members) {
  SmallVector<Value> identities;
  for (auto &member : members)
    if (member->part.reduces())
      identities.push_back(
          buildIdentity(b, member->part.nest.reduction,
                        member->payload.getWideType(
                            member->getOutput().type.getElementType())));
  auto loop = scf::ForOp::create(b, thread, constant(group.getNumPieces()),
                                 constant(threads), identities);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<int64_t> extents(group.extents);
  if (group.lanes > 1)
    extents.back() /= group.lanes;
  SmallVector<Value> inner =
      buildDelinearized(b, loop.getInductionVar(), extents);
  if (group.lanes > 1)
    inner.back() =
        arith::MulIOp::create(b, inner.back(), constant(group.lanes));
  for (auto &member : members) {
    llvm::copy(rowIndices, member->position.indices.begin());
    llvm::copy(inner, member->position.indices.begin() + rowIndices.size());
  }
  SmallVector<Value> sums = emitPiece(members, loop.getRegionIterArgs());
  if (!identities.empty())
    scf::YieldOp::create(b, sums);
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Adds the sum of the row to where it starts.
void RowEmitter::storeSum(Member &member, Value sum) {
  // All other loops do not move the result.
  for (Value &index : member.position.indices)
    index = Value();
  llvm::copy(rowIndices, member.position.indices.begin());
  PayloadEmitter scalar(b, member.part.nest, /*lanes=*/1);
  unsigned number = member.getOutputNumber();
  Value init = member.part.init ? member.part.init
                                : scalar.load(number, member.position);
  scalar.store(buildCombiner(b, member.part.nest.reduction, init, sum), number,
               member.position);
}

void RowEmitter::emitSums(Members &members, ArrayRef<Value> sums) {
  SmallVector<PartialSum> parts;
  for (auto &member : members)
    if (member->part.reduces())
      parts.push_back({&member->part.nest.reduction, sums[parts.size()]});
  if (parts.empty())
    return;
  SmallVector<Value> combined = combineOverBlock(b, thread, threads, parts);
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, constant(0));
  guarded(isFirst, [&] {
    unsigned next = 0;
    for (auto &member : members)
      if (member->part.reduces())
        storeSum(*member, combined[next++]);
  });
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

void RowEmitter::emitGroup(const RowGroup &group) {
  Members members;
  for (const RowOp &part : group.ops)
    members.push_back(std::make_unique<Member>(b, part));
  emitSums(members, emitPieces(group, members));
}

void RowEmitter::emit() {
  thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  rowIndices = buildDelinearized(b, block, strategy.rows);
  for (auto [number, group] : llvm::enumerate(strategy.groups)) {
    if (number > 0)
      gpu::BarrierOp::create(b);
    emitGroup(group);
  }
  setLaunch(kernel, {strategy.getNumRows(), 1, 1}, {threads, 1, 1},
            plan::Form::Rows);
  eraseKernelOps(kernel);
}

void mlir::pdq::emitRows(plan::KernelOp kernel, const RowStrategy &strategy) {
  RowEmitter(kernel, strategy).emit();
}
