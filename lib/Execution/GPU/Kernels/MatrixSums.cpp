// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a thread's numbers to the result: the elements of a row go together
// where they are neighbours in memory.

#include "MatrixSums.h"
#include "ElementOp.h"
#include "ThreadEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// A row or a column of the result: its number in each loop, what it adds to
/// the address, and whether it exists.
struct Line {
  SmallVector<Value> indices;
  Value address, isInside;
};

class SumStorer {
public:
  SumStorer(MatrixCode &code, const MatrixSums &sums);
  void store();

private:
  Line buildLine(Value number, const MatrixSide &side);
  void storeElements(ArrayRef<Value> products, const Line &row,
                     const Line &column);
  SmallVector<Value> placeIndices(const Line &row, const Line &column);
  Value load(Value address);
  Value widen(Value value);

  MatrixCode &code;
  MatrixBuilder &b;
  const MatrixPlan &plan;
  const MatrixSums &sums;
  /// Neighbouring columns that are stored at once, and the type of that.
  unsigned lanes;
  Type type;
  Value flat, start;
  SmallVector<Value> batchIndices;
  std::optional<ElementOp> initial, epilogue;
};
} // namespace

SumStorer::SumStorer(MatrixCode &code, const MatrixSums &sums)
    : code(code), b(code.b), plan(code.plan), sums(sums),
      lanes(plan.hasColumnPairs ? 2 : 1), type(b.getF32Type()) {
  if (lanes > 1)
    type = VectorType::get({lanes}, type);
  flat = buildFlat(b, plan.output.buffer);
  for (Value index : b.delinearize(code.batch, plan.batch.extents))
    batchIndices.push_back(b.toIndex(index));
  start =
      b.add(b.buildAddress(code.batch, plan.batch.extents, plan.batch.output),
            plan.output.offset);
  unsigned loop = plan.columns.loops.back();
  if (plan.initial)
    initial.emplace(b, plan.initial, plan.op, lanes, loop);
  if (plan.epilogue)
    epilogue.emplace(b, plan.epilogue, plan.op, lanes, loop);
}

Line SumStorer::buildLine(Value number, const MatrixSide &side) {
  Line line;
  line.isInside = b.below(number, side.size);
  line.address = b.buildAddress(number, side.extents, side.output);
  for (Value index : b.delinearize(number, side.extents))
    line.indices.push_back(b.toIndex(index));
  return line;
}

/// The element's number in each loop of the product; null for reductions.
SmallVector<Value> SumStorer::placeIndices(const Line &row,
                                           const Line &column) {
  SmallVector<Value> indices(linalg::LinalgOp(plan.op).getNumLoops());
  auto place = [&](const MatrixSide &side, ArrayRef<Value> values) {
    for (auto [loop, value] : llvm::zip_equal(side.loops, values))
      indices[loop] = value;
  };
  place(plan.rows, row.indices);
  place(plan.columns, column.indices);
  place(plan.batch, batchIndices);
  return indices;
}

Value SumStorer::widen(Value value) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(b, type, value);
}

Value SumStorer::load(Value address) {
  if (lanes == 1)
    return memref::LoadOp::create(b, flat, address);
  return vector::LoadOp::create(b, cast<VectorType>(type), flat, address,
                                /*nontemporal=*/false, llvm::Align(8));
}

/// Adds products of neighbouring columns, the first of them `column`, to where
/// their sums start, and hands the result on.
void SumStorer::storeElements(ArrayRef<Value> products, const Line &row,
                              const Line &column) {
  auto guard = scf::IfOp::create(b, b.both(row.isInside, column.isInside),
                                 /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  SmallVector<Value> indices = placeIndices(row, column);
  Value address = b.toIndex(b.add(b.add(start, row.address), column.address));
  Value init = plan.init;
  if (initial)
    init = initial->evaluate(indices);
  else if (!init)
    init = load(address);
  Value product = products.front();
  if (lanes > 1)
    product =
        vector::FromElementsOp::create(b, cast<VectorType>(type), products);
  Value sum = arith::AddFOp::create(b, widen(init), product);
  if (plan.storesResult && lanes == 1)
    memref::StoreOp::create(b, sum, flat, address);
  else if (plan.storesResult)
    vector::StoreOp::create(b, sum, flat, address, /*nontemporal=*/false,
                            llvm::Align(8));
  if (epilogue)
    epilogue->emit(indices, sum);
}

void SumStorer::store() {
  Value corner = b.add(code.firstRow, sums.row);
  Value side = b.add(code.firstColumn, sums.column);
  SmallVector<Line> rows, columns;
  for (int64_t i = 0; i < sums.numRows; ++i)
    for (int64_t half : {0, 8})
      rows.push_back(buildLine(
          b.add(corner, i * MatrixSums::fragmentRows + half), plan.rows));
  for (int64_t j = 0; j < sums.numColumns; ++j)
    for (int64_t lane = 0; lane < 2; lane += lanes)
      columns.push_back(buildLine(
          b.add(side, j * MatrixSums::fragmentColumns + lane), plan.columns));
  int64_t pieces = 2 / lanes;
  ArrayRef<Value> values = sums.values;
  for (int64_t i = 0; i < sums.numRows; ++i)
    for (int64_t j = 0; j < sums.numColumns; ++j)
      for (int64_t half = 0; half < 2; ++half)
        for (int64_t piece = 0; piece < pieces; ++piece) {
          int64_t fragment = i * sums.numColumns + j;
          int64_t first =
              fragment * MatrixSums::fragmentSize + half * 2 + piece * lanes;
          storeElements(values.slice(first, lanes), rows[i * 2 + half],
                        columns[j * pieces + piece]);
        }
}

void mlir::pdq::storeSums(MatrixCode &code, const MatrixSums &sums) {
  SumStorer(code, sums).store();
}
