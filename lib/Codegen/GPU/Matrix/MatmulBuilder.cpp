// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic, addresses, and the decoding of a thread's numbers.

#include "pdq/Codegen/GPU/Matrix/MatmulBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value MatrixBuilder::constant(int64_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(value));
}

Value MatrixBuilder::add(Value lhs, Value rhs) {
  return createOrFold<arith::AddIOp>(lhs, rhs);
}

Value MatrixBuilder::mul(Value lhs, int64_t rhs) {
  return createOrFold<arith::MulIOp>(lhs, constant(rhs));
}

Value MatrixBuilder::div(Value lhs, int64_t rhs) {
  return createOrFold<arith::DivUIOp>(lhs, constant(rhs));
}

Value MatrixBuilder::rem(Value lhs, int64_t rhs) {
  return createOrFold<arith::RemUIOp>(lhs, constant(rhs));
}

Value MatrixBuilder::below(Value value, int64_t bound) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ult, value,
                                     constant(bound));
}

Value MatrixBuilder::both(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return createOrFold<arith::AndIOp>(lhs, rhs);
}

Value MatrixBuilder::toIndex(Value value) {
  return createOrFold<arith::IndexCastOp>(getIndexType(), value);
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

SmallVector<Value> MatrixBuilder::delinearize(Value number,
                                              ArrayRef<int64_t> extents) {
  SmallVector<Value> indices(extents.size());
  for (size_t i = extents.size(); i-- > 0;) {
    indices[i] = i > 0 ? rem(number, extents[i]) : number;
    if (i > 0)
      number = div(number, extents[i]);
  }
  return indices;
}

/// Merges neighbouring loops that are one stretch of memory: fewer divisions.
static void collapse(SmallVector<int64_t> &extents,
                     SmallVector<int64_t> &strides) {
  for (size_t i = 0; i + 1 < extents.size();) {
    if (strides[i] != strides[i + 1] * extents[i + 1]) {
      ++i;
      continue;
    }
    extents[i] *= extents[i + 1];
    strides[i] = strides[i + 1];
    extents.erase(extents.begin() + i + 1);
    strides.erase(strides.begin() + i + 1);
  }
}

Value MatrixBuilder::buildAddress(Value number, ArrayRef<int64_t> extents,
                                  ArrayRef<int64_t> strides) {
  SmallVector<int64_t> ownExtents(extents), ownStrides(strides);
  collapse(ownExtents, ownStrides);
  Value address = constant(0);
  for (auto [index, stride] :
       llvm::zip_equal(delinearize(number, ownExtents), ownStrides))
    address = add(address, mul(index, stride));
  return address;
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Blocks next to each other share rows: their numbers are still in the cache.
MatmulBuilder::MatmulBuilder(const MatrixStrategy &strategy,
                             const MatrixTile &tile, plan::Math math)
    : strategy(strategy), contraction(&strategy), tile(tile), math(math),
      b(linalg::LinalgOp(strategy.op).getLoc(),
        linalg::LinalgOp(strategy.op).getOperation()) {
  auto narrow = [&](Value number) -> Value {
    return arith::IndexCastOp::create(b, b.getI32Type(), number);
  };
  thread = narrow(gpu::ThreadIdOp::create(b, gpu::Dimension::x));
  Value block = narrow(gpu::BlockIdOp::create(b, gpu::Dimension::x));
  int64_t columnTiles = llvm::divideCeil(strategy.n.size, tile.n);
  batch = narrow(gpu::BlockIdOp::create(b, gpu::Dimension::z));
  firstRow = b.mul(b.div(block, columnTiles), tile.m);
  firstColumn = b.mul(b.rem(block, columnTiles), tile.n);
  number = b.add(b.mul(batch, getGrid(strategy, tile)[0]), block);
}

Value MatmulBuilder::getShared(int64_t size, Type type, int64_t alignment) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto buffer =
      MemRefType::get({size}, type, MemRefLayoutAttrInterface(), space);
  if (numShared == shared.size()) {
    shared.push_back(
        memref::AllocOp::create(b, buffer, b.getI64IntegerAttr(alignment)));
  } else if (shared[numShared].getType().getNumElements() < size) {
    // Where its rows are padded in another way.
    shared[numShared].getMemref().setType(buffer);
  }
  return shared[numShared++];
}

void MatmulBuilder::startProduct(const MatrixStrategy &next) {
  contraction = &next;
  numShared = 0;
  linalg::LinalgOp op = next.op;
  b.setInsertionPoint(op);
  // Other threads may still read the tiles of the contraction before.
  gpu::BarrierOp::create(b);
  // Through a shuffle, so that addresses are computed anew: the same rows are
  // decoded, but to keep that over the contraction before takes many registers.
  thread =
      gpu::ShuffleOp::create(b, thread, b.rem(thread, tile.warpSize),
                             b.constant(tile.warpSize), gpu::ShuffleMode::IDX)
          .getShuffleResult();
}

OperandView OperandView::getLhs(const MatmulBuilder &code) {
  const MatrixStrategy &strategy = *code.contraction;
  return {strategy.lhs,       strategy.m,  strategy.m.lhs, strategy.k.lhs,
          strategy.batch.lhs, code.tile.m, code.firstRow};
}

OperandView OperandView::getRhs(const MatmulBuilder &code) {
  const MatrixStrategy &strategy = *code.contraction;
  return {strategy.rhs,       strategy.n,  strategy.n.rhs,  strategy.k.rhs,
          strategy.batch.rhs, code.tile.n, code.firstColumn};
}
