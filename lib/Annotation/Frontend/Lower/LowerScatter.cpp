// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scatter writes updates in order, each at its coordinates. Turned round it
// has loops, a derivative and any batch: each position of the result asks which
// updates are written to it. Where the coordinates are known a table says so;
// of coordinates from data the table has all candidates, which are compared.

#include "pdq/Annotation/Frontend/Lower/LowerScatter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Support/ConstantElements.h"

using namespace mlir;
using namespace mlir::pdq;

/// Coordinates that are looked at one by one.
static constexpr int64_t maxCoordinates = 1 << 22;

namespace {
/// A scatter of `batch` * `count` updates to `original`.
struct Scatter {
  Operation *op;
  Value updates, coordinates, original;
  /// How an update (argument 0) and what stands there (argument 1) become one;
  /// null where the update replaces it.
  Operation *combiner = nullptr;
  int64_t batch = 1, count = 0;
  /// For each coordinate those of one sample's updates; empty for coordinates
  /// that come from data. Coordinate 0 is the sample.
  SmallVector<SmallVector<int64_t>> known = {};

  RankedTensorType getType() const {
    return cast<RankedTensorType>(original.getType());
  }
  int64_t getNumCoordinates() const { return known.size(); }
};

/// Which updates of one sample may be written where: [known coordinates...,
/// candidates], -1 where there are fewer.
struct Candidates {
  /// The dimensions of the result that are known coordinates.
  SmallVector<unsigned> dims;
  SmallVector<int64_t> shape;
  SmallVector<int64_t> updates;
};
} // namespace

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

static Attribute getAttribute(Operation *op, StringRef name) {
  if (Attribute value = op->getAttr(name))
    return value;
  auto properties =
      dyn_cast_or_null<DictionaryAttr>(op->getPropertiesAsAttribute());
  return properties ? properties.get(name) : Attribute();
}

/// What the body of a scatter does: nothing for a body that is not understood,
/// null for one that gives the update.
static std::optional<Operation *> getCombiner(Operation *op) {
  if (op->getNumRegions() != 1 || !op->getRegion(0).hasOneBlock())
    return std::nullopt;
  Block &body = op->getRegion(0).front();
  if (body.getNumArguments() != 2 || body.back().getNumOperands() != 1)
    return std::nullopt;
  Value result = body.back().getOperand(0);
  if (result == body.getArgument(0) && body.getOperations().size() == 1)
    return nullptr;
  Operation *combiner = result.getDefiningOp();
  bool combines =
      combiner && body.getOperations().size() == 2 &&
      combiner->getNumOperands() == 2 && combiner->getNumResults() == 1 &&
      llvm::is_contained(combiner->getOperands(), body.getArgument(0)) &&
      llvm::is_contained(combiner->getOperands(), body.getArgument(1));
  if (!combines || !arith::getNeutralElement(combiner))
    return std::nullopt;
  return combiner;
}

/// The coordinates number `column` of all updates; empty where they depend on
/// data, nothing where one of them is outside of the dimension.
static std::optional<SmallVector<int64_t>>
evaluateColumn(Value coordinates, int64_t column, int64_t size,
               ConstantElements &elements) {
  SmallVector<int64_t> values;
  int64_t count = cast<RankedTensorType>(coordinates.getType()).getDimSize(0);
  for (int64_t update = 0; update < count; ++update) {
    auto value = dyn_cast_or_null<IntegerAttr>(
        elements.getElement(coordinates, {update, column}));
    if (!value)
      return SmallVector<int64_t>();
    if (value.getInt() < 0 || value.getInt() >= size)
      return std::nullopt;
    values.push_back(value.getInt());
  }
  return values;
}

/// Whether `values` are the same for each of `batch` samples; keeps those of
/// one.
static bool keepSample(SmallVector<int64_t> &values, int64_t batch) {
  size_t count = values.size() / batch;
  for (auto [i, value] : llvm::enumerate(values))
    if (value != values[i % count])
      return false;
  values.truncate(count);
  return true;
}

/// Evaluates the coordinates of `scatter`; fails where samples meet.
static LogicalResult evaluateCoordinates(Scatter &scatter, int64_t number) {
  ConstantElements elements;
  int64_t total = scatter.batch * scatter.count;
  for (int64_t column = 0; column < number; ++column) {
    auto values =
        evaluateColumn(scatter.coordinates, column,
                       scatter.getType().getDimSize(column), elements);
    if (!values)
      return failure();
    if (column == 0) {
      for (int64_t i = 0; i < total; ++i)
        if (values->empty() || (*values)[i] != i / scatter.count)
          return failure();
      values->truncate(scatter.count);
    } else if (!values->empty() && !keepSample(*values, scatter.batch)) {
      values->clear();
    }
    scatter.known.push_back(std::move(*values));
  }
  return success();
}

/// Whether `shape` is that of updates of one row of `sizes` each, but for
/// dimensions of size 1.
static bool hasRows(ArrayRef<int64_t> shape, ArrayRef<int64_t> sizes) {
  auto isUnit = [](int64_t size) { return size == 1; };
  SmallVector<int64_t> found(shape), expected(sizes);
  llvm::erase_if(found, isUnit);
  llvm::erase_if(expected, isUnit);
  return found == expected;
}

static FailureOr<Scatter> matchScatter(Operation *op,
                                       PatternRewriter &rewriter) {
  auto fail = [&](StringRef reason) {
    return rewriter.notifyMatchFailure(op, reason);
  };
  if (op->getNumOperands() != 3 || op->getNumResults() != 1)
    return fail("has not one result");
  Scatter scatter{op, op->getOperand(0), op->getOperand(1), op->getOperand(2)};
  auto updates = dyn_cast<RankedTensorType>(scatter.updates.getType());
  auto places = dyn_cast<RankedTensorType>(scatter.coordinates.getType());
  auto type = dyn_cast<RankedTensorType>(scatter.original.getType());
  if (!updates || !places || !type || !updates.hasStaticShape() ||
      !places.hasStaticShape() || !type.hasStaticShape() ||
      type != op->getResult(0).getType() || type.getNumElements() == 0 ||
      places.getRank() != 2 || updates.getRank() < 1 ||
      updates.getDimSize(0) != places.getDimSize(0) ||
      places.getDimSize(1) < 1 || places.getDimSize(1) > type.getRank())
    return fail("has not static shapes that fit");
  int64_t number = places.getDimSize(1);
  auto dims =
      dyn_cast_or_null<DenseI64ArrayAttr>(getAttribute(op, "dimension_map"));
  if (!dims || dims.asArrayRef() !=
                   ArrayRef(llvm::to_vector(llvm::seq<int64_t>(0, number))))
    return fail("has other coordinates than of the leading dimensions");
  std::optional<Operation *> combiner = getCombiner(op);
  if (!combiner || !hasRows(updates.getShape().drop_front(),
                            type.getShape().drop_front(number)))
    return fail("combines in a way that is not understood");
  scatter.combiner = *combiner;
  scatter.batch = type.getDimSize(0);
  int64_t total = updates.getDimSize(0);
  if (total == 0 || total % scatter.batch != 0 ||
      total * number > maxCoordinates)
    return fail("has not the same number of updates for each sample");
  scatter.count = total / scatter.batch;
  if (failed(evaluateCoordinates(scatter, number)))
    return fail("writes to computed samples or outside of the tensor");
  return scatter;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

static Candidates findCandidates(const Scatter &scatter) {
  Candidates found;
  for (int64_t dim = 1; dim < scatter.getNumCoordinates(); ++dim) {
    if (scatter.known[dim].empty())
      continue;
    found.dims.push_back(dim);
    found.shape.push_back(scatter.getType().getDimSize(dim));
  }
  SmallVector<int64_t> strides = computeStrides(found.shape);
  SmallVector<SmallVector<int64_t>> updates(
      ShapedType::getNumElements(found.shape));
  size_t most = 1;
  for (int64_t update = 0; update < scatter.count; ++update) {
    int64_t place = 0;
    for (auto [dim, stride] : llvm::zip_equal(found.dims, strides))
      place += scatter.known[dim][update] * stride;
    updates[place].push_back(update);
    most = std::max(most, updates[place].size());
  }
  for (SmallVector<int64_t> &row : updates) {
    row.resize(most, -1);
    llvm::append_range(found.updates, row);
  }
  found.shape.push_back(most);
  return found;
}

/// Of known coordinates alone: the last candidate of each place, the one that
/// stays.
static void keepLast(Candidates &candidates) {
  int64_t most = candidates.shape.pop_back_val();
  SmallVector<int64_t> last;
  for (size_t i = 0; i < candidates.updates.size(); i += most)
    last.push_back(*std::max_element(candidates.updates.begin() + i,
                                     candidates.updates.begin() + i + most));
  candidates.updates = std::move(last);
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

namespace {
/// Builds what a scatter becomes.
class ScatterBuilder {
public:
  ScatterBuilder(OpBuilder &b, const Scatter &scatter);
  Value buildReplaced();
  Value buildCombined();

private:
  Value reshape(Value value, ArrayRef<int64_t> shape);
  Value buildTable(const Candidates &candidates);
  Value buildLast(const Candidates &candidates);
  Value isWritten(OpBuilder &inner, Value update, Value place);
  Value readUpdate(OpBuilder &inner, Value place);
  /// The map from the loops, the dimensions of the result, to a table.
  AffineMap getMap(ArrayRef<unsigned> dims, bool hasCandidates,
                   unsigned numLoops);

  OpBuilder &b;
  const Scatter &scatter;
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

ScatterBuilder::ScatterBuilder(OpBuilder &b, const Scatter &scatter)
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

Value ScatterBuilder::buildTable(const Candidates &candidates) {
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
Value ScatterBuilder::buildLast(const Candidates &candidates) {
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

/// The update that was written last, or what stood there.
Value ScatterBuilder::buildReplaced() {
  Candidates candidates = findCandidates(scatter);
  unsigned rank = type.getRank();
  bool isKnown = llvm::none_of(columns, [](Value c) { return bool(c); });
  Value last;
  SmallVector<unsigned> dims = candidates.dims;
  if (isKnown) {
    keepLast(candidates);
    for (int64_t &update : candidates.updates)
      ++update;
    last = buildTable(candidates);
  } else {
    last = buildLast(candidates);
    dims = llvm::to_vector(llvm::seq<unsigned>(0, scatter.getNumCoordinates()));
  }
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

/// What stood there combined with all updates, in their order.
Value ScatterBuilder::buildCombined() {
  Candidates candidates = findCandidates(scatter);
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

namespace {
struct LowerScatter : RewritePattern {
  explicit LowerScatter(MLIRContext *context)
      : RewritePattern("tm_tensor.scatter", /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Scatter> scatter = matchScatter(op, rewriter);
    if (failed(scatter))
      return failure();
    ScatterBuilder builder(rewriter, *scatter);
    rewriter.replaceOp(op, scatter->combiner ? builder.buildCombined()
                                             : builder.buildReplaced());
    return success();
  }
};
} // namespace

namespace {
/// Static shapes that canonicalization stops at, as the operation is none that
/// it knows.
struct RefineScatter : RewritePattern {
  explicit RefineScatter(MLIRContext *context)
      : RewritePattern("tm_tensor.scatter", /*benefit=*/2, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    bool isRefined = false;
    for (OpOperand &operand : op->getOpOperands()) {
      auto cast = operand.get().getDefiningOp<tensor::CastOp>();
      if (!cast || !tensor::canFoldIntoConsumerOp(cast))
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(cast.getSource()); });
      isRefined = true;
    }
    Type type =
        op->getNumOperands() == 3 ? op->getOperand(2).getType() : Type();
    if (!isRefined || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "has no operand to refine");
    Value result = op->getResult(0);
    if (result.getType() == type)
      return success();
    Type old = result.getType();
    rewriter.modifyOpInPlace(op, [&] { result.setType(type); });
    rewriter.setInsertionPointAfter(op);
    Value cast = tensor::CastOp::create(rewriter, op->getLoc(), old, result);
    rewriter.replaceAllUsesExcept(result, cast, cast.getDefiningOp());
    return success();
  }
};
} // namespace

void mlir::pdq::populateLowerScatterPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScatter, RefineScatter>(patterns.getContext());
}
