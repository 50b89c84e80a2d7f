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
/// of a line of k, element q of line g; of bf16, elements 2 q and 2 q + 1.
static int64_t getPadding(bool isKMajor, plan::Math math) {
  return isKMajor == (math == plan::Math::BF16) ? 8 : 4;
}

AsyncTile::AsyncTile(MatmulBuilder &code, const OperandView &view)
    : code(code), view(view) {
  MatrixBuilder &b = code.b;
  bool isKMajor = view.operand.isKMajor;
  int64_t fast = isKMajor ? code.tile.k : view.rows;
  int64_t slow = isKMajor ? view.rows : code.tile.k;
  pitch = fast + getPadding(isKMajor, code.math);
  size = slow * pitch;
  global = buildFlat(b, view.operand.buffer);
  shared = code.getShared(MatrixTile::numStages * size, b.getF32Type(),
                          /*alignment=*/16);
  chooseCopies();
}

Value AsyncTile::buildOffset(Value row, Value term) {
  MatrixBuilder &b = code.b;
  return isKMajor() ? b.add(b.mul(row, pitch), term)
                    : b.add(b.mul(term, pitch), row);
}

/// Neighbouring threads copy neighbours in memory. A thread stays at its place
/// of the faster dimension.
void AsyncTile::chooseCopies() {
  MatrixBuilder &b = code.b;
  int64_t lanes = view.operand.lanes, threads = code.tile.getBlockSize();
  int64_t fast = (isKMajor() ? code.tile.k : view.rows) / lanes;
  int64_t slow = isKMajor() ? view.rows : code.tile.k;
  assert(threads % fast == 0 && "threads share rows evenly");
  Value begin = b.buildAddress(code.batch, code.contraction->batch.extents,
                               view.batchStrides);
  begin = b.add(begin, view.operand.offset);
  Value low = b.mul(b.rem(code.thread, fast), lanes);
  Value high = b.div(code.thread, fast);
  for (int64_t first = 0; first < slow; first += threads / fast) {
    Value number = b.add(high, first);
    Copy copy;
    copy.row = isKMajor() ? number : low;
    copy.term = isKMajor() ? low : number;
    if (first + threads / fast > slow)
      copy.isMine = b.below(number, slow);
    Value row = b.add(view.firstRow, copy.row);
    copy.isInside = b.below(row, view.side.size);
    copy.address =
        b.add(begin, b.buildAddress(row, view.side.extents, view.rowStrides));
    copies.push_back(copy);
  }
}

void AsyncTile::start(const Copy &copy, Value firstK, Value stage,
                      Value isNeeded) {
  MatrixBuilder &b = code.b;
  int64_t lanes = view.operand.lanes;
  const MatrixSide &side = code.contraction->k;
  Value term = b.add(firstK, copy.term);
  Value isInside =
      b.both(b.both(copy.isInside, b.below(term, side.size)), isNeeded);
  Value address =
      b.add(copy.address, b.buildAddress(term, side.extents, view.kStrides));
  Value zero = b.constant(0);
  address = arith::SelectOp::create(b, isInside, address, zero);
  Value count = arith::SelectOp::create(b, isInside, b.constant(lanes), zero);
  Value target = b.add(buildBegin(stage), buildOffset(copy.row, copy.term));
  nvgpu::DeviceAsyncCopyOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), shared,
      b.toIndex(target), global, b.toIndex(address), b.getIndexAttr(lanes),
      b.toIndex(count), lanes == 4 ? b.getUnitAttr() : UnitAttr());
}

void AsyncTile::copy(Value firstK, Value stage, Value isNeeded) {
  for (const Copy &copy : copies) {
    OpBuilder::InsertionGuard restore(code.b);
    if (copy.isMine) {
      auto guard =
          scf::IfOp::create(code.b, copy.isMine, /*withElseRegion=*/false);
      code.b.setInsertionPointToStart(guard.thenBlock());
    }
    start(copy, firstK, stage, isNeeded);
  }
}
