// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop over k: wait for a tile, start the copies of a later one,
// multiply.

#include "pdq/Codegen/GPU/Matrix/Operands/WarpProducts.h"
#include "AsyncTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// The registers of a fragment, once for each part of its numbers.
using Fragment = SmallVector<SmallVector<Value>, 2>;

class WarpEmitter {
public:
  explicit WarpEmitter(MatmulBuilder &code);
  Accumulators emit(ArrayRef<Value> before);

private:
  Value copyTiles(Value step, Value stage);
  SmallVector<Value> loadNeighbours(const AsyncTile &tile, Value base,
                                    int64_t row, int64_t term);
  Fragment loadFragment(const AsyncTile &tile, Value base,
                        ArrayRef<int64_t> rows, int64_t term);
  void accumulate(ArrayRef<Value> row, ArrayRef<Value> column,
                  MutableArrayRef<Value> sum);
  void multiply(Value stage, MutableArrayRef<Value> sums);
  int64_t getNumRows() const {
    return code.tile.warpM / Accumulators::fragmentRows;
  }
  int64_t getNumColumns() const {
    return code.tile.warpN / Accumulators::fragmentColumns;
  }
  /// Terms that an instruction multiplies.
  int64_t getDepth() const { return 8 * getNumPacked(code.math); }

  MatmulBuilder &code;
  MatrixBuilder &b;
  AsyncTile lhs, rhs;
  int64_t numSteps;
  /// The warp's corner in the tile; group and place of a thread in a warp,
  /// which own rows and columns of fragments (PTX, mma.m16n8k8).
  Value warpRow, warpColumn, group, place;
};
} // namespace

WarpEmitter::WarpEmitter(MatmulBuilder &code)
    : code(code), b(code.b), lhs(code, OperandView::getLhs(code)),
      rhs(code, OperandView::getRhs(code)),
      numSteps(llvm::divideCeil(code.contraction->k.size, code.tile.k)) {
  const MatrixTile &tile = code.tile;
  Value warp = b.div(code.thread, tile.warpSize);
  Value lane = b.rem(code.thread, tile.warpSize);
  int64_t warpsInRows = tile.m / tile.warpM;
  warpRow = b.mul(b.rem(warp, warpsInRows), tile.warpM);
  warpColumn = b.mul(b.div(warp, warpsInRows), tile.warpN);
  group = b.div(lane, 4);
  place = b.rem(lane, 4);
}

/// The tiles of a step as one group; behind the last step an empty one, so that
/// waiting counts the same. Returns the group.
Value WarpEmitter::copyTiles(Value step, Value stage) {
  Value isNeeded = b.below(step, numSteps);
  Value firstK = b.mul(step, code.tile.k);
  lhs.copy(firstK, stage, isNeeded);
  rhs.copy(firstK, stage, isNeeded);
  return nvgpu::DeviceAsyncCreateGroupOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), ValueRange());
}

/// The numbers of one register: neighbours in k.
SmallVector<Value> WarpEmitter::loadNeighbours(const AsyncTile &tile,
                                               Value base, int64_t row,
                                               int64_t term) {
  auto at = [&](int64_t number) {
    return b.toIndex(b.add(base, tile.getOffset(row, term + number)));
  };
  int64_t count = getNumPacked(code.math);
  if (count == 1 || !tile.isKMajor()) {
    SmallVector<Value> numbers;
    for (int64_t i = 0; i < count; ++i)
      numbers.push_back(memref::LoadOp::create(b, tile.getBuffer(), at(i)));
    return numbers;
  }
  auto type = VectorType::get({count}, b.getF32Type());
  Value pair = vector::LoadOp::create(b, type, tile.getBuffer(), at(0),
                                      /*nontemporal=*/false, llvm::Align(8));
  auto elements = vector::ToElementsOp::create(b, pair);
  return SmallVector<Value>(elements.getResults());
}

/// Registers of the k from `term` on and those half a depth behind, of each of
/// `rows`.
Fragment WarpEmitter::loadFragment(const AsyncTile &tile, Value base,
                                   ArrayRef<int64_t> rows, int64_t term) {
  Fragment fragment(getNumParts(code.math));
  for (int64_t half : {int64_t(0), getDepth() / 2})
    for (int64_t row : rows) {
      SmallVector<Value> numbers = loadNeighbours(tile, base, row, term + half);
      for (auto [part, value] :
           llvm::enumerate(buildParts(b, numbers, code.math)))
        fragment[part].push_back(value);
    }
  return fragment;
}

void WarpEmitter::accumulate(ArrayRef<Value> row, ArrayRef<Value> column,
                             MutableArrayRef<Value> sum) {
  SmallVector<Type> types(sum.size(), b.getF32Type());
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), types);
  NVVM::MMATypes kind = code.math == plan::Math::BF16 ? NVVM::MMATypes::bf16
                                                      : NVVM::MMATypes::tf32;
  Value result = NVVM::MmaOp::create(
      b, type, row, column, ValueRange(sum),
      ArrayRef<int64_t>{Accumulators::fragmentRows,
                        Accumulators::fragmentColumns, getDepth()},
      /*b1Op=*/std::nullopt, /*intOverflow=*/std::nullopt,
      std::array{kind, kind},
      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (auto [number, value] : llvm::enumerate(sum))
    value = LLVM::ExtractValueOp::create(b, result, number);
}

/// Adds the products of one tile.
void WarpEmitter::multiply(Value stage, MutableArrayRef<Value> sums) {
  Value term = b.mul(place, getNumPacked(code.math));
  auto getBase = [&](AsyncTile &tile, Value corner) {
    return b.add(tile.buildBegin(stage),
                 tile.buildOffset(b.add(corner, group), term));
  };
  Value lhsBase = getBase(lhs, warpRow), rhsBase = getBase(rhs, warpColumn);
  for (int64_t term = 0; term < code.tile.k; term += getDepth()) {
    SmallVector<Fragment> rows, columns;
    for (int64_t i = 0; i < getNumRows(); ++i) {
      int64_t row = i * Accumulators::fragmentRows;
      rows.push_back(loadFragment(lhs, lhsBase, {row, row + 8}, term));
    }
    for (int64_t j = 0; j < getNumColumns(); ++j)
      columns.push_back(loadFragment(
          rhs, rhsBase, {j * Accumulators::fragmentColumns}, term));
    for (int64_t i = 0; i < getNumRows(); ++i)
      for (int64_t j = 0; j < getNumColumns(); ++j)
        for (auto [left, right] : getPartProducts(code.math))
          accumulate(
              rows[i][left], columns[j][right],
              sums.slice((i * getNumColumns() + j) * Accumulators::fragmentSize,
                         Accumulators::fragmentSize));
  }
}

/// While one tile is multiplied, the next ones travel. `before` are the sums of
/// contractions before this one, if there are any.
Accumulators WarpEmitter::emit(ArrayRef<Value> before) {
  constexpr int64_t numStages = MatrixTile::numStages;
  Value group;
  for (int64_t stage = 0; stage + 1 < numStages; ++stage)
    group = copyTiles(b.constant(stage), b.constant(stage));
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  SmallVector<Value> start(
      getNumRows() * getNumColumns() * Accumulators::fragmentSize, zero);
  if (!before.empty())
    start.assign(before.begin(), before.end());
  auto loop = scf::ForOp::create(b, b.constant(0), b.constant(numSteps),
                                 b.constant(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    // All groups but the latest: the tiles of this step have arrived.
    nvgpu::DeviceAsyncWaitOp::create(b, group,
                                     b.getI32IntegerAttr(numStages - 2));
    gpu::BarrierOp::create(b);
    Value next = b.add(step, numStages - 1);
    copyTiles(next, b.rem(next, numStages));
    SmallVector<Value> sums(loop.getRegionIterArgs());
    multiply(b.rem(step, numStages), sums);
    scf::YieldOp::create(b, sums);
  }
  // The last groups are empty, but they write zeros.
  nvgpu::DeviceAsyncWaitOp::create(b, group, b.getI32IntegerAttr(0));
  return {SmallVector<Value>(loop.getResults()),
          getNumRows(),
          getNumColumns(),
          b.add(warpRow, this->group),
          b.add(warpColumn, b.mul(place, 2)),
          lhs.getBuffer()};
}

Accumulators mlir::pdq::emitWarpProducts(MatmulBuilder &code) {
  Accumulators sums = WarpEmitter(code).emit({});
  for (const MatrixStrategy &next : code.strategy.further) {
    code.startProduct(next);
    sums = WarpEmitter(code).emit(sums.values);
  }
  return sums;
}
