// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scatter writes updates in order, each at its coordinates. Turned round it
// has loops, a derivative and any batch: each position of the result asks which
// updates are written to it. Where the coordinates are known a table says so;
// of coordinates from data the table has all candidates, which are compared.

#include "ScatterReads.h"
#include "ScatterCandidates.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Builds what a scatter becomes.
class ScatterBuilder {
public:
  ScatterBuilder(OpBuilder &b, const CoordinateScatter &scatter);
  Value buildReplaced();
  Value buildCombined();

private:
  Value reshape(Value value, ArrayRef<int64_t> shape);
  Value buildTable(const ScatterCandidates &candidates);
  Value buildLast(const ScatterCandidates &candidates);
  Value buildSelected(Value last, ArrayRef<unsigned> dims);
  Value isWritten(OpBuilder &inner, Value update, Value place);
  Value readUpdate(OpBuilder &inner, Value place);
  /// The map from the loops, the dimensions of the result, to a table.
  AffineMap getMap(ArrayRef<unsigned> dims, bool hasCandidates,
                   unsigned numLoops);

  OpBuilder &b;
  const CoordinateScatter &scatter;
  Location loc;
  RankedTensorType type;
  /// Updates [batch, count, row...].
  Value updates;
  /// Coordinates from data, [batch, count]; null for known ones.
  SmallVector<Value> columns;
};
} // namespace

Value ScatterBuilder::reshape(Value value, ArrayRef<int64_t> shape) {
  auto from = cast<RankedTensorType>(value.getType());
  auto groupAll = [](int64_t rank) {
    return SmallVector<ReassociationIndices>{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
  };
  if (from.getRank() > 1)
    value = tensor::CollapseShapeOp::create(b, loc, value,
                                            groupAll(from.getRank()));
  if (shape.size() > 1)
    value = tensor::ExpandShapeOp::create(
        b, loc, RankedTensorType::get(shape, from.getElementType()), value,
        groupAll(shape.size()));
  return value;
}

/// Whether a slice is column `column` of a matrix, in whole.
static bool isColumn(tensor::InsertSliceOp insert, int64_t column) {
  return insert.getStaticOffsets() == ArrayRef<int64_t>{0, column} &&
         insert.getStaticSizes() ==
             ArrayRef<int64_t>{insert.getDestType().getDimSize(0), 1};
}

/// A column of coordinates [W, n]: what was put there, which has not the other
/// columns beside it.
static Value readColumn(OpBuilder &b, Value coordinates, int64_t column) {
  while (auto insert = coordinates.getDefiningOp<tensor::InsertSliceOp>()) {
    bool isOther = insert.getStaticSizes()[1] == 1 &&
                   !ShapedType::isDynamic(insert.getStaticOffsets()[1]);
    if (isColumn(insert, column))
      return insert.getSource();
    if (!isOther || insert.getStaticOffsets()[1] == column)
      break;
    coordinates = insert.getDest();
  }
  auto type = cast<RankedTensorType>(coordinates.getType());
  auto joined = coordinates.getDefiningOp<tensor::ConcatOp>();
  if (joined && joined.getDim() == 1 &&
      static_cast<int64_t>(joined.getInputs().size()) == type.getDimSize(1))
    return joined.getInputs()[column];
  OpFoldResult one = b.getIndexAttr(1), zero = b.getIndexAttr(0);
  return tensor::ExtractSliceOp::create(
      b, coordinates.getLoc(), coordinates,
      ArrayRef<OpFoldResult>{zero, b.getIndexAttr(column)},
      ArrayRef<OpFoldResult>{b.getIndexAttr(type.getDimSize(0)), one},
      ArrayRef<OpFoldResult>{one, one});
}

ScatterBuilder::ScatterBuilder(OpBuilder &b, const CoordinateScatter &scatter)
    : b(b), scatter(scatter), loc(scatter.op->getLoc()),
      type(scatter.getType()) {
  SmallVector<int64_t> shape = {scatter.batch, scatter.count};
  for (int64_t column = 0; column < scatter.getNumCoordinates(); ++column) {
    columns.emplace_back();
    if (!scatter.known[column].empty())
      continue;
    columns.back() = reshape(readColumn(b, scatter.coordinates, column), shape);
  }
  llvm::append_range(shape,
                     type.getShape().drop_front(scatter.getNumCoordinates()));
  updates = reshape(scatter.updates, shape);
}

Value ScatterBuilder::buildTable(const ScatterCandidates &candidates) {
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          RankedTensorType::get(candidates.shape, b.getI64Type()),
          ArrayRef(candidates.updates)));
}

AffineMap ScatterBuilder::getMap(ArrayRef<unsigned> dims, bool hasCandidates,
                                 unsigned numLoops) {
  SmallVector<AffineExpr> exprs;
  for (unsigned dim : dims)
    exprs.push_back(b.getAffineDimExpr(dim));
  if (hasCandidates)
    exprs.push_back(b.getAffineDimExpr(numLoops - 1));
  return AffineMap::get(numLoops, 0, exprs, b.getContext());
}

/// Whether candidate `update` exists and has the coordinates of the position.
/// `place` is the candidate, or 0.
Value ScatterBuilder::isWritten(OpBuilder &inner, Value update, Value place) {
  Value none = arith::ConstantOp::create(inner, loc, b.getI64IntegerAttr(0));
  Value result = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::sge,
                                       update, none);
  for (auto [dim, column] : llvm::enumerate(columns)) {
    if (!column)
      continue;
    Value sample = linalg::IndexOp::create(inner, loc, 0);
    Value coordinate = tensor::ExtractOp::create(inner, loc, column,
                                                 ValueRange{sample, place});
    Value position =
        arith::IndexCastOp::create(inner, loc, coordinate.getType(),
                                   linalg::IndexOp::create(inner, loc, dim));
    Value isHere = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq,
                                         coordinate, position);
    result = arith::AndIOp::create(inner, loc, result, isHere);
  }
  return result;
}

/// A candidate as a position that can be read, 0 where there is none.
static Value getPlace(OpBuilder &b, Location loc, Value update) {
  Value zero = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  Value place = arith::MaxSIOp::create(b, loc, update, zero);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), place);
}

Value ScatterBuilder::readUpdate(OpBuilder &inner, Value place) {
  SmallVector<Value> indices = {linalg::IndexOp::create(inner, loc, 0), place};
  for (int64_t dim = scatter.getNumCoordinates(); dim < type.getRank(); ++dim)
    indices.push_back(linalg::IndexOp::create(inner, loc, dim));
  return tensor::ExtractOp::create(inner, loc, updates, indices);
}

/// The last update that is written to each position of the coordinates,
/// counted from 1; 0 where none is.
Value ScatterBuilder::buildLast(const ScatterCandidates &candidates) {
  unsigned rank = scatter.getNumCoordinates(), loops = rank + 1;
  Value empty = tensor::EmptyOp::create(
      b, loc, type.getShape().take_front(rank), b.getI64Type());
  Value zero = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  SmallVector<AffineMap> maps = {
      getMap(candidates.dims, /*hasCandidates=*/true, loops),
      b.getMultiDimIdentityMap(loops).dropResult(rank)};
  auto body = [&](OpBuilder &inner, Location, ValueRange args) {
    Value place = getPlace(inner, loc, args[0]);
    Value written = isWritten(inner, args[0], place);
    Value one = arith::ConstantOp::create(inner, loc, b.getI64IntegerAttr(1));
    Value none = arith::ConstantOp::create(inner, loc, b.getI64IntegerAttr(0));
    Value number = arith::AddIOp::create(inner, loc, args[0], one);
    number = arith::SelectOp::create(inner, loc, written, number, none);
    Value last = arith::MaxSIOp::create(inner, loc, number, args[1]);
    linalg::YieldOp::create(inner, loc, last);
  };
  return linalg::GenericOp::create(b, loc, init.getType(),
                                   buildTable(candidates), init, maps,
                                   iterators, body)
      .getResult(0);
}

/// The update that was written last, or what stood there. `last` is its number
/// counted from 1, or 0, over the dimensions `dims`.
Value ScatterBuilder::buildSelected(Value last, ArrayRef<unsigned> dims) {
  unsigned rank = type.getRank();
  AffineMap all = b.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps = {getMap(dims, /*hasCandidates=*/false, rank),
                                 all, all};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  auto body = [&](OpBuilder &inner, Location, ValueRange args) {
    Value one = arith::ConstantOp::create(inner, loc, b.getI64IntegerAttr(1));
    Value written = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::sge,
                                          args[0], one);
    Value number = arith::SubIOp::create(inner, loc, args[0], one);
    Value update = readUpdate(inner, getPlace(inner, loc, number));
    Value result =
        arith::SelectOp::create(inner, loc, written, update, args[1]);
    linalg::YieldOp::create(inner, loc, result);
  };
  return linalg::GenericOp::create(b, loc, type,
                                   ValueRange{last, scatter.original}, empty,
                                   maps, iterators, body)
      .getResult(0);
}

Value ScatterBuilder::buildReplaced() {
  ScatterCandidates candidates = findScatterCandidates(scatter);
  if (llvm::any_of(columns, [](Value column) { return bool(column); }))
    return buildSelected(
        buildLast(candidates),
        llvm::to_vector(llvm::seq<unsigned>(0, scatter.getNumCoordinates())));
  keepLast(candidates);
  for (int64_t &update : candidates.updates)
    ++update;
  return buildSelected(buildTable(candidates), candidates.dims);
}

/// What stood there combined with all updates, in their order.
Value ScatterBuilder::buildCombined() {
  ScatterCandidates candidates = findScatterCandidates(scatter);
  unsigned rank = type.getRank(), loops = rank + 1;
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  SmallVector<AffineMap> maps = {
      getMap(candidates.dims, /*hasCandidates=*/true, loops),
      b.getMultiDimIdentityMap(loops).dropResult(rank)};
  Block &combining = scatter.op->getRegion(0).front();
  auto body = [&](OpBuilder &inner, Location, ValueRange args) {
    Value place = getPlace(inner, loc, args[0]);
    Value written = isWritten(inner, args[0], place);
    Value update = readUpdate(inner, place);
    Value neutral = arith::ConstantOp::create(
        inner, loc, *arith::getNeutralElement(scatter.combiner));
    update = arith::SelectOp::create(inner, loc, written, update, neutral);
    IRMapping mapping;
    mapping.map(combining.getArgument(0), update);
    mapping.map(combining.getArgument(1), args[1]);
    Operation *copy = inner.clone(*scatter.combiner, mapping);
    linalg::YieldOp::create(inner, loc, copy->getResults());
  };
  return linalg::GenericOp::create(b, loc, type, buildTable(candidates),
                                   scatter.original, maps, iterators, body)
      .getResult(0);
}

Value mlir::pdq::buildScatterReads(OpBuilder &b,
                                   const CoordinateScatter &scatter) {
  ScatterBuilder builder(b, scatter);
  return scatter.combiner ? builder.buildCombined() : builder.buildReplaced();
}
