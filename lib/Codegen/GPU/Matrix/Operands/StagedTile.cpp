// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading, rounding and storing a thread's share of a tile.

#include "StagedTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Numbers of a load, and words of a share.
static constexpr int64_t lanes = 4;
/// Rows after which the permutation of pieces repeats.
static constexpr int64_t swizzleRows = 8;

StagedTile::StagedTile(MatmulBuilder &code, const OperandView &view)
    : code(code), view(view) {
  MatrixBuilder &b = code.b;
  assert(view.operand.lanes == lanes && "whole vectors are copied");
  global = buildFlat(b, view.operand.buffer);
  shared = code.getShared(MatrixTile::numWarpgroupStages *
                              getNumParts(code.math) * getTileWords(),
                          b.getI32Type(), swizzleRows * rowWords * 4);
  chooseShares();
}

/// Neighbouring threads load neighbours in memory, at least 32 bytes; and the
/// stores of a warp meet all banks once. For operands that are transposed, a
/// warp has 16 words of 8 rows.
void StagedTile::chooseShares() {
  MatrixBuilder &b = code.b;
  int64_t threads = code.tile.getBlockSize();
  Value first;
  int64_t step = 0;
  if (view.operand.isKMajor) {
    constexpr int64_t pieces = rowWords / lanes;
    word = b.mul(b.rem(code.thread, pieces), lanes);
    first = b.div(code.thread, pieces);
    step = threads / pieces;
  } else {
    Value lane = b.rem(code.thread, MatrixTile::warpSize);
    Value warp = b.div(code.thread, MatrixTile::warpSize);
    word = b.add(b.div(lane, 2), b.mul(b.rem(warp, 2), rowWords / 2));
    first =
        b.add(b.mul(b.div(warp, 2), swizzleRows), b.mul(b.rem(lane, 2), lanes));
    step = code.tile.getNumWarps() / 2 * swizzleRows;
  }
  Value begin = b.buildAddress(code.batch, code.contraction->batch.extents,
                               view.batchStrides);
  begin = b.add(begin, view.operand.offset);
  for (int64_t row = 0; row < view.rows; row += step) {
    Share share;
    share.row = b.add(first, row);
    if (row + step > view.rows)
      share.isMine = b.below(share.row, view.rows);
    Value number = b.add(view.firstRow, share.row);
    share.isInside = b.both(b.below(number, view.side.size), share.isMine);
    share.address = b.add(
        begin, b.buildAddress(number, view.side.extents, view.rowStrides));
    shares.push_back(share);
  }
}

unsigned StagedTile::getNumVectors() const {
  return shares.size() * getNumPacked(code.math);
}

/// The loads of a share are those of k that its words hold: vectors along k, or
/// along the rows.
SmallVector<Value> StagedTile::load(Value firstK, Value isNeeded) {
  MatrixBuilder &b = code.b;
  const MatrixSide &side = code.contraction->k;
  int64_t packed = getNumPacked(code.math);
  int64_t distance = view.operand.isKMajor ? lanes : 1;
  Value term = b.add(firstK, b.mul(word, packed));
  SmallVector<Value> addresses, isInside;
  for (int64_t i = 0; i < packed; ++i) {
    Value own = b.add(term, i * distance);
    addresses.push_back(b.buildAddress(own, side.extents, view.kStrides));
    isInside.push_back(b.both(b.below(own, side.size), isNeeded));
  }
  auto type = VectorType::get({lanes}, b.getF32Type());
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
  SmallVector<Value> numbers;
  for (const Share &share : shares)
    for (int64_t i = 0; i < packed; ++i) {
      Value exists = b.both(share.isInside, isInside[i]);
      Value address = arith::SelectOp::create(
          b, exists, b.add(share.address, addresses[i]), b.constant(0));
      Value vector =
          vector::LoadOp::create(b, type, global, b.toIndex(address),
                                 /*nontemporal=*/false, llvm::Align(16));
      numbers.push_back(arith::SelectOp::create(b, exists, vector, none));
    }
  return numbers;
}

void StagedTile::storeWords(ArrayRef<Value> words, const Share &share,
                            Value begin) {
  MatrixBuilder &b = code.b;
  auto place = [&](int64_t next) {
    Value row = b.add(share.row, next);
    Value piece =
        arith::XOrIOp::create(b, b.div(word, lanes), b.rem(row, swizzleRows));
    Value inRow = b.add(b.mul(piece, lanes), b.rem(word, lanes));
    return b.toIndex(b.add(b.add(begin, b.mul(row, rowWords)), inRow));
  };
  if (view.operand.isKMajor) {
    auto type = VectorType::get({lanes}, b.getI32Type());
    Value vector = vector::FromElementsOp::create(b, type, words);
    vector::StoreOp::create(b, vector, shared, place(0), /*nontemporal=*/false,
                            llvm::Align(16));
    return;
  }
  for (auto [next, value] : llvm::enumerate(words))
    memref::StoreOp::create(b, value, shared, place(next));
}

void StagedTile::store(ArrayRef<Value> numbers, Value stage) {
  MatrixBuilder &b = code.b;
  int64_t packed = getNumPacked(code.math), parts = getNumParts(code.math);
  Value begin = b.mul(stage, parts * getTileWords());
  for (auto [number, share] : llvm::enumerate(shares)) {
    OpBuilder::InsertionGuard restore(b);
    if (share.isMine) {
      auto guard = scf::IfOp::create(b, share.isMine, /*withElseRegion=*/false);
      b.setInsertionPointToStart(guard.thenBlock());
    }
    SmallVector<Value> elements;
    for (Value vector : numbers.slice(number * packed, packed))
      llvm::append_range(elements,
                         vector::ToElementsOp::create(b, vector).getResults());
    SmallVector<SmallVector<Value>> words(parts);
    for (int64_t i = 0; i < lanes; ++i) {
      // Terms of a word: of one vector, or one of each.
      SmallVector<Value> own;
      for (int64_t term = 0; term < packed; ++term)
        own.push_back(view.operand.isKMajor ? elements[i * packed + term]
                                            : elements[term * lanes + i]);
      for (auto [part, value] : llvm::enumerate(buildParts(b, own, code.math)))
        words[part].push_back(value);
    }
    for (int64_t part = 0; part < parts; ++part)
      storeWords(words[part], share, b.add(begin, part * getTileWords()));
  }
}

/// PTX, asynchronous warpgroup matrices: bits 0-13 the address in 16 bytes,
/// 16-29 a distance that swizzled tiles do not use, 32-45 that of 8 rows, 62-63
/// the swizzle.
Value StagedTile::buildDescriptor(Value stage, int64_t part, Value row) {
  MatrixBuilder &b = code.b;
  constexpr int64_t bytes = 4, unit = 16, addressBits = (1 << 18) - 1;
  constexpr uint64_t fixed = uint64_t(1) << 16 |
                             swizzleRows * rowWords * bytes / unit << 32 |
                             uint64_t(1) << 62;
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, shared);
  base = arith::IndexCastOp::create(b, b.getI32Type(), base);
  Value words = b.add(b.mul(stage, getNumParts(code.math) * getTileWords()),
                      part * getTileWords());
  words = b.add(words, b.mul(row, rowWords));
  Value address = arith::AndIOp::create(b, b.add(base, b.mul(words, bytes)),
                                        b.constant(addressBits));
  Value low = arith::ExtUIOp::create(b, b.getI64Type(), b.div(address, unit));
  Value high = arith::ConstantOp::create(
      b, b.getI64IntegerAttr(static_cast<int64_t>(fixed)));
  return arith::OrIOp::create(b, low, high);
}
