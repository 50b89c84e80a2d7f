// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From fragments to the result: stretches of the tile's columns go through
// shared memory, from which threads take neighbours of a row.

#include "pdq/Codegen/GPU/Matrix/Accumulators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Epilogue/BlockSums.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Words behind each row in shared memory: the pairs that a warp stores meet
/// all banks.
static constexpr int64_t padding = 8;

namespace {
/// A row or a column of the result: its number in each loop, what it adds to
/// the address, and whether it exists.
struct Line {
  SmallVector<Value> indices;
  Value address, isInside;
};

class SumStorer {
public:
  SumStorer(MatmulBuilder &code, const Accumulators &sums);
  void store();

private:
  int64_t chooseStretch();
  void stage(int64_t first);
  void stagePair(int64_t i, int64_t j, int64_t half, Value column);
  SmallVector<Value> walk(int64_t first, ValueRange partial);
  SmallVector<Value> storePiece(Value row, Value column, int64_t first,
                                ValueRange partial);
  Line buildLine(Value number, const MatrixSide &side);
  SmallVector<Value> placeIndices(const Line &row, const Line &column);
  Value loadStaged(Value row, Value column);
  Value buildStart(ArrayRef<Value> indices, Value address);
  void storeResult(Value sum, Value address);
  void storePartial(ArrayRef<Value> partial);
  Type getType(Type element) {
    return strategy.columnLanes == 1
               ? element
               : Type(VectorType::get({strategy.columnLanes}, element));
  }
  llvm::Align getAlign() { return llvm::Align(strategy.columnLanes * 4); }

  MatmulBuilder &code;
  MatrixBuilder &b;
  const MatrixStrategy &strategy;
  const Accumulators &sums;
  /// Columns that are staged at once, and words of a row of them.
  int64_t stretch, pitch;
  Value flat, start;
  SmallVector<Value> batchIndices;
  std::optional<ElementOp> initial;
  EpilogueEmitter epilogue;
};
} // namespace

/// The dimension of the result that neighbouring columns walk.
static unsigned getColumnDim(const MatrixStrategy &strategy) {
  linalg::LinalgOp op = strategy.op;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return *map.getResultPosition(
      getAffineDimExpr(strategy.n.loops.back(), map.getContext()));
}

SumStorer::SumStorer(MatmulBuilder &code, const Accumulators &sums)
    : code(code), b(code.b), strategy(code.strategy), sums(sums),
      stretch(chooseStretch()), pitch(stretch + padding),
      epilogue(b, strategy.output.buffer, strategy.fused.epilogue,
               strategy.columnLanes, getColumnDim(strategy)) {
  flat = buildFlat(b, strategy.output.buffer);
  for (Value index : b.delinearize(code.batch, strategy.batch.extents))
    batchIndices.push_back(b.toIndex(index));
  start = b.add(
      b.buildAddress(code.batch, strategy.batch.extents, strategy.batch.output),
      strategy.output.offset);
  if (strategy.fused.initial)
    initial.emplace(b, strategy.fused.initial, strategy.op,
                    strategy.columnLanes, strategy.n.loops.back());
}

/// All columns, or the largest part of them for which there is memory.
int64_t SumStorer::chooseStretch() {
  int64_t size = cast<MemRefType>(sums.staging.getType()).getNumElements();
  int64_t columns = code.tile.n;
  while (code.tile.m * (columns + padding) > size)
    columns /= 2;
  assert(columns >= Accumulators::fragmentColumns && "a fragment fits");
  return columns;
}

//===----------------------------------------------------------------------===//
// Staging
//===----------------------------------------------------------------------===//

/// Stores two neighbours of a row of fragment (i, j), the first at `column`.
void SumStorer::stagePair(int64_t i, int64_t j, int64_t half, Value column) {
  auto pair = VectorType::get({2}, b.getF32Type());
  int64_t first =
      (i * sums.numColumns + j) * Accumulators::fragmentSize + 2 * half;
  Value value = vector::FromElementsOp::create(
      b, pair, ArrayRef(sums.values).slice(first, 2));
  Type element = getElementTypeOrSelf(sums.staging.getType());
  if (element != b.getF32Type())
    value = arith::BitcastOp::create(b, pair.clone(element), value);
  Value row = b.add(sums.row, i * Accumulators::fragmentRows + half * 8);
  vector::StoreOp::create(b, value, sums.staging,
                          b.toIndex(b.add(b.mul(row, pitch), column)),
                          /*nontemporal=*/false, llvm::Align(8));
}

/// The thread's numbers in the columns from `first` on.
void SumStorer::stage(int64_t first) {
  for (int64_t j = 0; j < sums.numColumns; ++j) {
    Value column =
        b.add(sums.column, j * Accumulators::fragmentColumns - first);
    OpBuilder::InsertionGuard restore(b);
    if (stretch < code.tile.n) {
      auto guard = scf::IfOp::create(b, b.below(column, stretch),
                                     /*withElseRegion=*/false);
      b.setInsertionPointToStart(guard.thenBlock());
    }
    for (int64_t i = 0; i < sums.numRows; ++i)
      for (int64_t half = 0; half < 2; ++half)
        stagePair(i, j, half, column);
  }
}

Value SumStorer::loadStaged(Value row, Value column) {
  Value place = b.toIndex(b.add(b.mul(row, pitch), column));
  Type element = getElementTypeOrSelf(sums.staging.getType());
  Value value;
  if (strategy.columnLanes == 1)
    value = memref::LoadOp::create(b, sums.staging, place);
  else
    value = vector::LoadOp::create(b, cast<VectorType>(getType(element)),
                                   sums.staging, place,
                                   /*nontemporal=*/false, getAlign());
  if (element != b.getF32Type())
    value = arith::BitcastOp::create(b, getType(b.getF32Type()), value);
  return value;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Line SumStorer::buildLine(Value number, const MatrixSide &side) {
  Line line;
  line.isInside = b.below(number, side.size);
  line.address = b.buildAddress(number, side.extents, side.output);
  for (Value index : b.delinearize(number, side.extents))
    line.indices.push_back(b.toIndex(index));
  return line;
}

/// The element's number in each loop of the contraction; null for reductions.
SmallVector<Value> SumStorer::placeIndices(const Line &row,
                                           const Line &column) {
  SmallVector<Value> indices(linalg::LinalgOp(strategy.op).getNumLoops());
  auto place = [&](const MatrixSide &side, ArrayRef<Value> values) {
    for (auto [loop, value] : llvm::zip_equal(side.loops, values))
      indices[loop] = value;
  };
  place(strategy.m, row.indices);
  place(strategy.n, column.indices);
  place(strategy.batch, batchIndices);
  return indices;
}

/// Where the sums start.
Value SumStorer::buildStart(ArrayRef<Value> indices, Value address) {
  auto type = getType(b.getF32Type());
  Value value = strategy.fused.init;
  if (initial)
    value = initial->evaluate(indices);
  else if (!value && strategy.columnLanes == 1)
    value = memref::LoadOp::create(b, flat, address);
  else if (!value)
    value = vector::LoadOp::create(b, cast<VectorType>(type), flat, address,
                                   /*nontemporal=*/false, getAlign());
  if (value.getType() != type)
    value = vector::BroadcastOp::create(b, type, value);
  return value;
}

void SumStorer::storeResult(Value sum, Value address) {
  if (strategy.columnLanes == 1)
    memref::StoreOp::create(b, sum, flat, address);
  else
    vector::StoreOp::create(b, sum, flat, address, /*nontemporal=*/false,
                            getAlign());
}

/// Adds sums that follow each other in a row of the tile to where their
/// sums start, and hands the result on. Returns the new partial sums.
SmallVector<Value> SumStorer::storePiece(Value row, Value column, int64_t first,
                                         ValueRange partial) {
  Value staged = loadStaged(row, column);
  Line rowLine = buildLine(b.add(code.firstRow, row), strategy.m);
  Line columnLine =
      buildLine(b.add(code.firstColumn, b.add(column, first)), strategy.n);
  auto guard = scf::IfOp::create(b, partial.getTypes(),
                                 b.both(rowLine.isInside, columnLine.isInside),
                                 /*withElseRegion=*/!partial.empty());
  OpBuilder::InsertionGuard restore(b);
  if (!partial.empty()) {
    b.setInsertionPointToStart(guard.elseBlock());
    scf::YieldOp::create(b, partial);
  }
  b.setInsertionPointToStart(guard.thenBlock());
  SmallVector<Value> indices = placeIndices(rowLine, columnLine);
  Value address =
      b.toIndex(b.add(b.add(start, rowLine.address), columnLine.address));
  Value sum = arith::AddFOp::create(b, buildStart(indices, address), staged);
  if (strategy.fused.storesResult)
    storeResult(sum, address);
  linalg::LinalgOp op = strategy.op;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<Value> places;
  for (AffineExpr expr : map.getResults())
    places.push_back(isa<AffineDimExpr>(expr)
                         ? indices[cast<AffineDimExpr>(expr).getPosition()]
                         : Value());
  SmallVector<Value> next = epilogue.emit(places, sum, partial);
  if (!partial.empty())
    scf::YieldOp::create(b, next);
  return SmallVector<Value>(guard.getResults());
}

/// The thread's share of a stretch of columns; returns its partial sums.
SmallVector<Value> SumStorer::walk(int64_t first, ValueRange partial) {
  int64_t inRow = stretch / strategy.columnLanes;
  auto loop =
      scf::ForOp::create(b, code.thread, b.constant(code.tile.m * inRow),
                         b.constant(code.tile.getBlockSize()), partial);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  Value piece = loop.getInductionVar();
  SmallVector<Value> next = storePiece(
      b.div(piece, inRow), b.mul(b.rem(piece, inRow), strategy.columnLanes),
      first, loop.getRegionIterArgs());
  if (!partial.empty())
    scf::YieldOp::create(b, next);
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Sums of the block
//===----------------------------------------------------------------------===//

/// Combines the threads' parts, and stores them as the block's.
void SumStorer::storePartial(ArrayRef<Value> partial) {
  SmallVector<PartialSum> parts;
  SmallVector<const EpilogueOp *> owners;
  for (const EpilogueOp &part : strategy.fused.epilogue) {
    if (!part.reduces())
      continue;
    parts.push_back({&part.reduction, partial[parts.size()]});
    owners.push_back(&part);
  }
  if (parts.empty())
    return;
  // The last numbers that were staged have been read.
  gpu::BarrierOp::create(b);
  SmallVector<Value> combined = combineOverBlock(
      b, b.toIndex(code.thread), code.tile.getBlockSize(), parts, sums.staging);
  auto guard = scf::IfOp::create(b, b.below(code.thread, 1),
                                 /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  for (auto [part, sum] : llvm::zip_equal(owners, combined)) {
    linalg::GenericOp op = part->op;
    memref::StoreOp::create(
        b, buildCombiner(b, part->reduction, part->init, sum),
        buildFlat(b, cast<BlockArgument>(op.getDpsInits()[0])),
        b.toIndex(code.number));
  }
}

void SumStorer::store() {
  SmallVector<Value> partial = epilogue.buildIdentities();
  for (int64_t first = 0; first < code.tile.n; first += stretch) {
    gpu::BarrierOp::create(b);
    stage(first);
    gpu::BarrierOp::create(b);
    partial = walk(first, partial);
  }
  storePartial(partial);
}

void mlir::pdq::storeSums(MatmulBuilder &code, const Accumulators &sums) {
  SumStorer(code, sums).store();
}
