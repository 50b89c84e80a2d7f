// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one thread of a matrix product: copy, wait, multiply, store.

#include "MatrixEmitter.h"
#include "ElementOp.h"
#include "ThreadEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// A tile of one operand on its way to shared memory.
struct Tile {
  const MatrixOperand *operand = nullptr;
  /// Loops of its rows and their strides, and its strides along the terms.
  const MatrixSide *side = nullptr;
  ArrayRef<int64_t> rowStrides, termStrides;
  int64_t rows = 0;
  Value global, shared;
  /// Number of the tile's first row; address of the batch.
  Value firstRow, batchAddress;
  /// What each copy of this thread keeps over all terms: place in the tile,
  /// term in the tile, address of the row, whether the row exists, and, where
  /// there are more threads than copies, whether this thread has it.
  struct Copy {
    Value target, term, address, isInside, isMine;
  };
  SmallVector<Copy> copies;

  int64_t getLanes() const { return operand->isVector ? 4 : 1; }
};

/// A fragment of an operand as the parts that are multiplied.
using Parts = SmallVector<Value, 2>;

class MatrixEmitter {
public:
  MatrixEmitter(func::FuncOp kernel, const MatrixPlan &plan, MatrixMath math)
      : kernel(kernel), plan(plan), math(math),
        b(linalg::LinalgOp(plan.op).getLoc(),
          linalg::LinalgOp(plan.op).getOperation()) {}
  void emit();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value lhs, Value rhs) { return arith::AddIOp::create(b, lhs, rhs); }
  Value mul(Value lhs, int64_t rhs) {
    return arith::MulIOp::create(b, lhs, constant(rhs));
  }
  Value below(Value value, int64_t bound) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, value,
                                 constant(bound));
  }
  Value both(Value lhs, Value rhs) {
    return arith::AndIOp::create(b, lhs, rhs);
  }
  Value buildAddress(Value number, ArrayRef<int64_t> extents,
                     ArrayRef<int64_t> strides);
  Value buildFlat(BlockArgument buffer);
  void decodeThread();
  Tile buildTile(const MatrixOperand &operand, const MatrixSide &side,
                 ArrayRef<int64_t> rowStrides, ArrayRef<int64_t> termStrides,
                 ArrayRef<int64_t> batchStrides, int64_t rows, Value firstRow);
  void planCopies(Tile &tile);
  void startCopy(const Tile &tile, const Tile::Copy &copy, Value firstTerm,
                 Value stage, Value isNeeded);
  void copyTile(const Tile &tile, Value firstTerm, Value stage, Value isNeeded);
  Value copyTiles(Value step, Value stage);
  Parts loadFragment(const Tile &tile, Value base, ArrayRef<int64_t> offsets);
  Value round(Value value);
  Parts split(Value value);
  void multiply(Value stage, MutableArrayRef<Value> sums);
  SmallVector<Value> emitTerms();
  /// A row or a column of the result: its number in each loop, what it adds to
  /// the address, and whether it exists.
  struct Line {
    SmallVector<Value> indices;
    Value address, isInside;
  };
  Line buildLine(Value number, const MatrixSide &side);
  void storeElement(Value product, const Line &row, const Line &column,
                    Value start);
  void storeSums(ArrayRef<Value> sums);

  func::FuncOp kernel;
  const MatrixPlan &plan;
  MatrixMath math;
  ImplicitLocOpBuilder b;
  Value thread, firstRow, firstColumn, batch;
  /// The warp's corner in the tile; group and place of a thread in a warp,
  /// which own rows and columns of fragments (PTX, mma.m16n8k8).
  Value warpRow, warpColumn, group, place;
  Tile lhs, rhs;
  int64_t numSteps = 0;
  Value flatOutput;
  SmallVector<Value> batchIndices;
  std::optional<ElementOp> initial, epilogue;
};
} // namespace

static constexpr int64_t fragmentRows = 16, fragmentColumns = 8,
                         fragmentTerms = 8;
static constexpr int64_t sharedRow =
    MatrixPlan::tileTerms + MatrixPlan::rowPadding;

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

Value MatrixEmitter::buildAddress(Value number, ArrayRef<int64_t> extents,
                                  ArrayRef<int64_t> strides) {
  Value address = constant(0);
  for (auto [index, stride] :
       llvm::zip_equal(buildDelinearized(b, number, extents), strides))
    if (stride != 0)
      address = add(address, mul(index, stride));
  return address;
}

/// A buffer as one dimension.
Value MatrixEmitter::buildFlat(BlockArgument buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t size = 1;
  for (auto [extent, stride] :
       llvm::zip_equal(type.getShape(), type.getStridesAndOffset().first))
    size += (extent - 1) * stride;
  return memref::ReinterpretCastOp::create(
      b, MemRefType::get({size}, type.getElementType()), buffer,
      /*offset=*/int64_t(0), ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
}

void MatrixEmitter::decodeThread() {
  thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  firstRow = mul(gpu::BlockIdOp::create(b, gpu::Dimension::x), plan.tileRows);
  firstColumn =
      mul(gpu::BlockIdOp::create(b, gpu::Dimension::y), plan.tileColumns);
  batch = gpu::BlockIdOp::create(b, gpu::Dimension::z);
  Value warp = arith::DivUIOp::create(b, thread, constant(plan.warpSize));
  Value lane = arith::RemUIOp::create(b, thread, constant(plan.warpSize));
  Value warpsInRows = constant(plan.tileRows / plan.warpRows);
  warpRow = mul(arith::RemUIOp::create(b, warp, warpsInRows), plan.warpRows);
  warpColumn =
      mul(arith::DivUIOp::create(b, warp, warpsInRows), plan.warpColumns);
  group = arith::DivUIOp::create(b, lane, constant(4));
  place = arith::RemUIOp::create(b, lane, constant(4));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

Tile MatrixEmitter::buildTile(const MatrixOperand &operand,
                              const MatrixSide &side,
                              ArrayRef<int64_t> rowStrides,
                              ArrayRef<int64_t> termStrides,
                              ArrayRef<int64_t> batchStrides, int64_t rows,
                              Value firstRow) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto type =
      MemRefType::get({plan.numStages * rows * sharedRow}, b.getF32Type(),
                      MemRefLayoutAttrInterface(), space);
  Tile tile;
  tile.operand = &operand;
  tile.side = &side;
  tile.rowStrides = rowStrides;
  tile.termStrides = termStrides;
  tile.rows = rows;
  tile.firstRow = firstRow;
  tile.global = buildFlat(operand.buffer);
  tile.shared = memref::AllocOp::create(b, type);
  tile.batchAddress = add(buildAddress(batch, plan.batch.extents, batchStrides),
                          constant(operand.offset));
  planCopies(tile);
  return tile;
}

/// Neighbouring threads copy neighbours in memory.
void MatrixEmitter::planCopies(Tile &tile) {
  int64_t pieces = plan.tileTerms / tile.getLanes();
  int64_t total = tile.rows * pieces, threads = plan.getBlockSize();
  for (int64_t first = 0; first < total; first += threads) {
    Value number = add(thread, constant(first));
    int64_t fast = tile.operand->isTermMajor ? pieces : tile.rows;
    Value low = arith::RemUIOp::create(b, number, constant(fast));
    Value high = arith::DivUIOp::create(b, number, constant(fast));
    Tile::Copy copy;
    Value rowInTile = tile.operand->isTermMajor ? high : low;
    copy.term = mul(tile.operand->isTermMajor ? low : high, tile.getLanes());
    copy.target = add(mul(rowInTile, sharedRow), copy.term);
    Value row = add(tile.firstRow, rowInTile);
    copy.isInside = below(row, tile.side->size);
    if (first + threads > total)
      copy.isMine = below(number, total);
    copy.address = add(tile.batchAddress,
                       buildAddress(row, tile.side->extents, tile.rowStrides));
    tile.copies.push_back(copy);
  }
}

/// Starts a copy; what lies outside becomes zero.
void MatrixEmitter::startCopy(const Tile &tile, const Tile::Copy &copy,
                              Value firstTerm, Value stage, Value isNeeded) {
  int64_t lanes = tile.getLanes();
  Value term = add(firstTerm, copy.term);
  Value isInside =
      both(both(copy.isInside, below(term, plan.terms.size)), isNeeded);
  Value address = add(copy.address,
                      buildAddress(term, plan.terms.extents, tile.termStrides));
  Value zero = constant(0);
  address = arith::SelectOp::create(b, isInside, address, zero);
  Value count = arith::SelectOp::create(b, isInside, constant(lanes), zero);
  Value target = add(mul(stage, tile.rows * sharedRow), copy.target);
  nvgpu::DeviceAsyncCopyOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), tile.shared, target,
      tile.global, address, b.getIndexAttr(lanes), count,
      lanes == 4 ? b.getUnitAttr() : UnitAttr());
}

void MatrixEmitter::copyTile(const Tile &tile, Value firstTerm, Value stage,
                             Value isNeeded) {
  for (const Tile::Copy &copy : tile.copies) {
    OpBuilder::InsertionGuard restore(b);
    if (copy.isMine) {
      auto guard = scf::IfOp::create(b, copy.isMine, /*withElseRegion=*/false);
      b.setInsertionPointToStart(guard.thenBlock());
    }
    startCopy(tile, copy, firstTerm, stage, isNeeded);
  }
}

/// The tiles of a step as one group; behind the last step an empty one, so that
/// waiting counts the same. Returns the group.
Value MatrixEmitter::copyTiles(Value step, Value stage) {
  Value isNeeded = below(step, numSteps);
  Value firstTerm = mul(step, plan.tileTerms);
  copyTile(lhs, firstTerm, stage, isNeeded);
  copyTile(rhs, firstTerm, stage, isNeeded);
  return nvgpu::DeviceAsyncCreateGroupOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), ValueRange());
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// To the nearest number that TF32 has; halves go away from zero.
Value MatrixEmitter::round(Value value) {
  auto integer = [&](int32_t number) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(number));
  };
  constexpr int32_t mask = ~((1 << 13) - 1), half = 1 << 12;
  Value bits = arith::BitcastOp::create(b, b.getI32Type(), value);
  bits = arith::AddIOp::create(b, bits, integer(half));
  return arith::BitcastOp::create(
      b, b.getF32Type(), arith::AndIOp::create(b, bits, integer(mask)));
}

/// TF32: the nearest number. FP32: that, and the rest. Both are rounded: the
/// instruction cuts off what does not fit, and all sums would be too small.
Parts MatrixEmitter::split(Value value) {
  Value high = round(value);
  if (math == MatrixMath::TF32)
    return {high};
  return {high, round(arith::SubFOp::create(b, value, high))};
}

Parts MatrixEmitter::loadFragment(const Tile &tile, Value base,
                                  ArrayRef<int64_t> offsets) {
  SmallVector<SmallVector<Value>> columns;
  for (int64_t offset : offsets) {
    Value element =
        memref::LoadOp::create(b, tile.shared, add(base, constant(offset)));
    for (auto [part, value] : llvm::enumerate(split(element))) {
      if (columns.size() <= part)
        columns.emplace_back();
      columns[part].push_back(value);
    }
  }
  auto type = VectorType::get({static_cast<int64_t>(offsets.size()), 1},
                              b.getF32Type());
  Parts parts;
  for (ArrayRef<Value> elements : columns)
    parts.push_back(vector::FromElementsOp::create(b, type, elements));
  return parts;
}

/// Adds the products of one tile. The small products of FP32 come first.
void MatrixEmitter::multiply(Value stage, MutableArrayRef<Value> sums) {
  auto getBase = [&](const Tile &tile, Value corner) {
    Value row = mul(add(corner, group), sharedRow);
    return add(add(mul(stage, tile.rows * sharedRow), row), place);
  };
  Value lhsBase = getBase(lhs, warpRow), rhsBase = getBase(rhs, warpColumn);
  int64_t numRows = plan.warpRows / fragmentRows;
  int64_t numColumns = plan.warpColumns / fragmentColumns;
  for (int64_t term = 0; term < plan.tileTerms; term += fragmentTerms) {
    SmallVector<Parts> rows, columns;
    for (int64_t i = 0; i < numRows; ++i) {
      int64_t top = i * fragmentRows * sharedRow + term;
      int64_t bottom = top + 8 * sharedRow;
      rows.push_back(
          loadFragment(lhs, lhsBase, {top, bottom, top + 4, bottom + 4}));
    }
    for (int64_t j = 0; j < numColumns; ++j) {
      int64_t top = j * fragmentColumns * sharedRow + term;
      columns.push_back(loadFragment(rhs, rhsBase, {top, top + 4}));
    }
    for (int64_t i = 0; i < numRows; ++i)
      for (int64_t j = 0; j < numColumns; ++j) {
        Value &sum = sums[i * numColumns + j];
        auto accumulate = [&](Value row, Value column) {
          sum = nvgpu::MmaSyncOp::create(
              b, row, column, sum,
              ArrayRef<int64_t>{fragmentRows, fragmentColumns, fragmentTerms},
              /*tf32Enabled=*/true);
        };
        if (math == MatrixMath::FP32) {
          accumulate(rows[i][1], columns[j][0]);
          accumulate(rows[i][0], columns[j][1]);
        }
        accumulate(rows[i][0], columns[j][0]);
      }
  }
}

/// The loop over the terms: while one tile is multiplied, the next ones travel.
SmallVector<Value> MatrixEmitter::emitTerms() {
  numSteps = llvm::divideCeil(plan.terms.size, plan.tileTerms);
  Value group;
  for (int64_t stage = 0; stage + 1 < plan.numStages; ++stage)
    group = copyTiles(constant(stage), constant(stage));
  auto type = VectorType::get({2, 2}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  int64_t numSums =
      plan.warpRows / fragmentRows * (plan.warpColumns / fragmentColumns);
  SmallVector<Value> zeros(numSums, zero);
  auto loop = scf::ForOp::create(b, constant(0), constant(numSteps),
                                 constant(1), zeros);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value step = loop.getInductionVar();
  // All groups but the latest: the tiles of this step have arrived.
  nvgpu::DeviceAsyncWaitOp::create(b, group,
                                   b.getI32IntegerAttr(plan.numStages - 2));
  gpu::BarrierOp::create(b);
  Value next = add(step, constant(plan.numStages - 1));
  Value stages = constant(plan.numStages);
  copyTiles(next, arith::RemUIOp::create(b, next, stages));
  SmallVector<Value> sums(loop.getRegionIterArgs());
  multiply(arith::RemUIOp::create(b, step, stages), sums);
  scf::YieldOp::create(b, sums);
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

MatrixEmitter::Line MatrixEmitter::buildLine(Value number,
                                             const MatrixSide &side) {
  Line line;
  line.isInside = below(number, side.size);
  line.indices = buildDelinearized(b, number, side.extents);
  line.address = constant(0);
  for (auto [index, stride] : llvm::zip_equal(line.indices, side.output))
    if (stride != 0)
      line.address = add(line.address, mul(index, stride));
  return line;
}

/// Adds a product to where its sum starts, and hands the result on.
void MatrixEmitter::storeElement(Value product, const Line &row,
                                 const Line &column, Value start) {
  auto guard = scf::IfOp::create(b, both(row.isInside, column.isInside),
                                 /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  SmallVector<Value> indices(linalg::LinalgOp(plan.op).getNumLoops());
  auto place = [&](const MatrixSide &side, ArrayRef<Value> values) {
    for (auto [loop, value] : llvm::zip_equal(side.loops, values))
      indices[loop] = value;
  };
  place(plan.rows, row.indices);
  place(plan.columns, column.indices);
  place(plan.batch, batchIndices);
  Value address = add(add(start, row.address), column.address);
  Value init = plan.init;
  if (initial)
    init = initial->evaluate(indices);
  else if (!init)
    init = memref::LoadOp::create(b, flatOutput, address);
  Value sum = arith::AddFOp::create(b, init, product);
  if (plan.storesResult)
    memref::StoreOp::create(b, sum, flatOutput, address);
  if (epilogue)
    epilogue->emit(indices, sum);
}

/// Adds the sums to where they start.
void MatrixEmitter::storeSums(ArrayRef<Value> sums) {
  flatOutput = buildFlat(plan.output.buffer);
  batchIndices = buildDelinearized(b, batch, plan.batch.extents);
  Value start = add(buildAddress(batch, plan.batch.extents, plan.batch.output),
                    constant(plan.output.offset));
  if (plan.initial)
    initial.emplace(b, plan.initial, plan.op);
  if (plan.epilogue)
    epilogue.emplace(b, plan.epilogue, plan.op);
  Value cornerRow = add(add(firstRow, warpRow), group);
  Value cornerColumn = add(add(firstColumn, warpColumn), mul(place, 2));
  SmallVector<Line> rows, columns;
  for (int64_t first = 0; first < plan.warpRows; first += fragmentRows)
    for (int64_t half : {0, 8})
      rows.push_back(
          buildLine(add(cornerRow, constant(first + half)), plan.rows));
  for (int64_t first = 0; first < plan.warpColumns; first += fragmentColumns)
    for (int64_t side : {0, 1})
      columns.push_back(
          buildLine(add(cornerColumn, constant(first + side)), plan.columns));
  int64_t numColumns = plan.warpColumns / fragmentColumns;
  for (auto [number, sum] : llvm::enumerate(sums))
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t side = 0; side < 2; ++side)
        storeElement(
            vector::ExtractOp::create(b, sum, ArrayRef<int64_t>{half, side}),
            rows[number / numColumns * 2 + half],
            columns[number % numColumns * 2 + side], start);
}

void MatrixEmitter::emit() {
  decodeThread();
  lhs = buildTile(plan.lhs, plan.rows, plan.rows.lhs, plan.terms.lhs,
                  plan.batch.lhs, plan.tileRows, firstRow);
  rhs = buildTile(plan.rhs, plan.columns, plan.columns.rhs, plan.terms.rhs,
                  plan.batch.rhs, plan.tileColumns, firstColumn);
  storeSums(emitTerms());
  int64_t rows = llvm::divideCeil(plan.rows.size, plan.tileRows);
  int64_t columns = llvm::divideCeil(plan.columns.size, plan.tileColumns);
  setLaunch(kernel, {rows, columns, plan.batch.size},
            {plan.getBlockSize(), 1, 1}, "matrix");
  MatrixPlan parts = plan;
  if (parts.epilogue)
    parts.epilogue->erase();
  parts.op->erase();
  if (parts.initial)
    parts.initial->erase();
}

void mlir::pdq::emitMatrix(func::FuncOp kernel, const MatrixPlan &plan,
                           MatrixMath math) {
  MatrixEmitter(kernel, plan, math).emit();
}
