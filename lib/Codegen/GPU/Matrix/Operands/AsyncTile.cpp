// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shares of threads in copies to shared memory.

#include "AsyncTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements behind each row in shared memory, so that the 32 threads of a warp
/// find their elements of a fragment in different banks. Thread 4 g + q takes,
/// of a line of terms, element q of line g; of bf16, elements 2 q and 2 q + 1.
static int64_t getPadding(bool isTermMajor, plan::Math math) {
  return isTermMajor == (math == plan::Math::BF16) ? 8 : 4;
}

AsyncTile::AsyncTile(MatmulBuilder &code, const OperandView &view)
    : code(code), view(view) {
  MatrixBuilder &b = code.b;
  bool isTermMajor = view.operand.isTermMajor;
  int64_t fast = isTermMajor ? code.tile.terms : view.rows;
  int64_t slow = isTermMajor ? view.rows : code.tile.terms;
  pitch = fast + getPadding(isTermMajor, code.math);
  size = slow * pitch;
  global = buildFlat(b, view.operand.buffer);
  shared = code.getShared(MatrixTile::numStages * size, b.getF32Type(),
                          /*alignment=*/16);
  chooseCopies();
}

Value AsyncTile::buildOffset(Value row, Value term) {
  MatrixBuilder &b = code.b;
  return isTermMajor() ? b.add(b.mul(row, pitch), term)
                       : b.add(b.mul(term, pitch), row);
}

/// Neighbouring threads copy neighbours in memory. A thread stays at its place
/// of the faster dimension.
void AsyncTile::chooseCopies() {
  MatrixBuilder &b = code.b;
  int64_t lanes = view.operand.lanes, threads = code.tile.getBlockSize();
  int64_t fast = (isTermMajor() ? code.tile.terms : view.rows) / lanes;
  int64_t slow = isTermMajor() ? view.rows : code.tile.terms;
  assert(threads % fast == 0 && "threads share rows evenly");
  Value begin = b.buildAddress(code.batch, code.product->batch.extents,
                               view.batchStrides);
  begin = b.add(begin, view.operand.offset);
  Value low = b.mul(b.rem(code.thread, fast), lanes);
  Value high = b.div(code.thread, fast);
  for (int64_t first = 0; first < slow; first += threads / fast) {
    Value number = b.add(high, first);
    Copy copy;
    copy.row = isTermMajor() ? number : low;
    copy.term = isTermMajor() ? low : number;
    if (first + threads / fast > slow)
      copy.isMine = b.below(number, slow);
    Value row = b.add(view.firstRow, copy.row);
    copy.isInside = b.below(row, view.side.size);
    copy.address =
        b.add(begin, b.buildAddress(row, view.side.extents, view.rowStrides));
    copies.push_back(copy);
  }
}

void AsyncTile::start(const Copy &copy, Value firstTerm, Value stage,
                      Value isNeeded) {
  MatrixBuilder &b = code.b;
  int64_t lanes = view.operand.lanes;
  const MatrixSide &terms = code.product->terms;
  Value term = b.add(firstTerm, copy.term);
  Value isInside =
      b.both(b.both(copy.isInside, b.below(term, terms.size)), isNeeded);
  Value address = b.add(copy.address,
                        b.buildAddress(term, terms.extents, view.termStrides));
  Value zero = b.constant(0);
  address = arith::SelectOp::create(b, isInside, address, zero);
  Value count = arith::SelectOp::create(b, isInside, b.constant(lanes), zero);
  Value target = b.add(buildBegin(stage), buildOffset(copy.row, copy.term));
  nvgpu::DeviceAsyncCopyOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), shared,
      b.toIndex(target), global, b.toIndex(address), b.getIndexAttr(lanes),
      b.toIndex(count), lanes == 4 ? b.getUnitAttr() : UnitAttr());
}

void AsyncTile::copy(Value firstTerm, Value stage, Value isNeeded) {
  for (const Copy &copy : copies) {
    OpBuilder::InsertionGuard restore(code.b);
    if (copy.isMine) {
      auto guard =
          scf::IfOp::create(code.b, copy.isMine, /*withElseRegion=*/false);
      code.b.setInsertionPointToStart(guard.thenBlock());
    }
    start(copy, firstTerm, stage, isNeeded);
  }
}
