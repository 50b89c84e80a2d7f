// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A gather of TOSA reads rows of one dimension. Frontends flatten a tensor for
// it, with the batch, and add up coordinates times strides. Which sample is
// read is in those numbers then, for as many samples as were exported; the
// coordinates still say that each result reads its own.

#include "pdq/Frontend/Raise/RaiseFlatGathers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

static Value stripReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<tosa::ReshapeOp>())
    value = reshape.getInput1();
  return value;
}

static std::optional<SmallVector<int64_t>> getIntegers(Value value) {
  DenseIntElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  return llvm::map_to_vector(constant.getValues<APInt>(),
                             [](const APInt &i) { return i.getSExtValue(); });
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

/// The sizes of dimensions with `count` elements that have these row-major
/// strides; none where strides are no such.
static std::optional<SmallVector<int64_t>> getSizes(ArrayRef<int64_t> strides,
                                                    int64_t count) {
  SmallVector<int64_t> sizes;
  for (int64_t stride : strides) {
    if (stride < 1 || count % stride != 0)
      return std::nullopt;
    sizes.push_back(count / stride);
    count = stride;
  }
  return count == 1 ? std::optional(sizes) : std::nullopt;
}

/// `value` [..., 1] without its last dimension.
static Value dropLast(RewriterBase &rewriter, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    groups.push_back({dim});
  groups.back().push_back(rank - 1);
  return tensor::CollapseShapeOp::create(rewriter, value.getLoc(), value,
                                         groups);
}

/// Whether `joined` is [..., n] of n tensors [..., 1].
static bool joinsCoordinates(tosa::ConcatOp joined, size_t number) {
  auto type = dyn_cast<RankedTensorType>(joined.getType());
  return type && type.hasStaticShape() && type.getRank() > 1 &&
         joined.getAxis() == type.getRank() - 1 &&
         joined.getInput1().size() == number &&
         llvm::all_of(joined.getInput1(), [](Value input) {
           return cast<RankedTensorType>(input.getType()).getShape().back() ==
                  1;
         });
}

/// The concatenated coordinates [..., n] whose products with strides are added
/// up in `flat`, and the sizes of their dimensions; null where it is no such
/// sum.
static std::pair<tosa::ConcatOp, SmallVector<int64_t>> matchSum(Value flat,
                                                                int64_t count) {
  auto sum = stripReshapes(flat).getDefiningOp<tosa::ReduceSumOp>();
  auto product = sum && sum.getAxis() == 1
                     ? sum.getInput().getDefiningOp<tosa::MulOp>()
                     : tosa::MulOp();
  if (!product || getIntegers(product.getShift()) != SmallVector<int64_t>{0})
    return {};
  SmallVector<std::pair<Value, Value>> orders = {
      {product.getInput1(), product.getInput2()},
      {product.getInput2(), product.getInput1()}};
  for (auto [table, factor] : orders) {
    auto joined = stripReshapes(table).getDefiningOp<tosa::ConcatOp>();
    auto strides = getIntegers(factor);
    auto type = dyn_cast<RankedTensorType>(table.getType());
    if (!joined || !strides || !joinsCoordinates(joined, strides->size()) ||
        !type || type.getRank() != 2 ||
        type.getDimSize(1) != static_cast<int64_t>(strides->size()))
      continue;
    if (auto sizes = getSizes(*strides, count))
      return {joined, *sizes};
  }
  return {};
}

/// Sample and rest of constant positions.
static FailureOr<Coordinates> splitConstant(RewriterBase &rewriter, Value flat,
                                            int64_t count, int64_t batch) {
  auto positions = getIntegers(flat);
  if (!positions || batch < 1 || count % batch != 0 || positions->empty() ||
      positions->size() % batch != 0)
    return failure();
  int64_t each = positions->size() / batch, size = count / batch;
  SmallVector<int64_t> samples, rest;
  for (auto [number, position] : llvm::enumerate(*positions)) {
    samples.push_back(number / each);
    rest.push_back(position - samples.back() * size);
    if (rest.back() < 0 || rest.back() >= size)
      return failure();
  }
  auto type = RankedTensorType::get({batch, each}, rewriter.getI64Type());
  Coordinates coordinates{{}, {batch, each}, {batch, size}};
  for (ArrayRef<int64_t> values : {ArrayRef(samples), ArrayRef(rest)})
    coordinates.values.push_back(arith::ConstantOp::create(
        rewriter, flat.getLoc(), DenseElementsAttr::get(type, values)));
  return coordinates;
}

FailureOr<Coordinates> mlir::pdq::raiseCoordinates(RewriterBase &rewriter,
                                                   Value flat, int64_t count,
                                                   int64_t batch) {
  auto [joined, sizes] = matchSum(flat, count);
  if (!joined)
    return splitConstant(rewriter, flat, count, batch);
  Coordinates coordinates;
  for (Value input : joined.getInput1())
    coordinates.values.push_back(dropLast(rewriter, input));
  llvm::append_range(
      coordinates.shape,
      cast<RankedTensorType>(joined.getType()).getShape().drop_back());
  coordinates.sizes = std::move(sizes);
  return coordinates;
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

Value mlir::pdq::reshapeTo(RewriterBase &rewriter, Value value,
                           ArrayRef<int64_t> shape) {
  Location loc = value.getLoc();
  for (Value source = value;;) {
    auto type = cast<RankedTensorType>(source.getType());
    if (type.getShape() == shape)
      return source;
    Operation *def = source.getDefiningOp();
    if (!isa_and_nonnull<tosa::ReshapeOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp>(def))
      break;
    source = def->getOperand(0);
  }
  auto type = cast<RankedTensorType>(value.getType());
  auto groupAll = [](int64_t rank) {
    return SmallVector<ReassociationIndices>{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
  };
  if (type.getRank() > 1)
    value = tensor::CollapseShapeOp::create(rewriter, loc, value,
                                            groupAll(type.getRank()));
  if (shape.size() > 1)
    value = tensor::ExpandShapeOp::create(
        rewriter, loc, RankedTensorType::get(shape, type.getElementType()),
        value, groupAll(shape.size()));
  return value;
}

/// source[c0, c1, ..., channel], [positions..., channels]; one channel is no
/// dimension.
static Value buildRead(PatternRewriter &rewriter, Location loc, Value source,
                       const Coordinates &coordinates) {
  auto type = cast<RankedTensorType>(source.getType());
  unsigned number = coordinates.values.size(),
           channel = coordinates.shape.size();
  SmallVector<int64_t> shape(coordinates.shape);
  llvm::append_range(shape, type.getShape().drop_front(number));
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  AffineMap all = rewriter.getMultiDimIdentityMap(shape.size());
  SmallVector<AffineMap> maps(number, all.getMajorSubMap(channel));
  maps.push_back(all);
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location l, ValueRange args) {
    SmallVector<Value> indices;
    for (Value coordinate : args.take_front(number))
      indices.push_back(
          arith::IndexCastOp::create(b, l, b.getIndexType(), coordinate));
    if (channel < shape.size())
      indices.push_back(linalg::IndexOp::create(b, l, channel));
    Value element = tensor::ExtractOp::create(b, l, source, indices);
    linalg::YieldOp::create(b, l, element);
  };
  return linalg::GenericOp::create(rewriter, loc, empty.getType(),
                                   coordinates.values, empty, maps, loops, body)
      .getResult(0);
}

int64_t mlir::pdq::getBatchOf(Operation *op) {
  auto network = op->getParentOfType<func::FuncOp>();
  return cast<RankedTensorType>(network.getArgumentTypes()[0]).getDimSize(0);
}

static LogicalResult raiseFlatGather(tosa::GatherOp op,
                                     PatternRewriter &rewriter) {
  auto rows = dyn_cast<RankedTensorType>(op.getValues().getType());
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!rows || !result || !rows.hasStaticShape() || !result.hasStaticShape() ||
      rows.getDimSize(0) != 1 || rows.getNumElements() == 0)
    return rewriter.notifyMatchFailure(op,
                                       "does not read one row of static shape");
  // One sample needs no number of it where positions are constants.
  int64_t batch = getBatchOf(op);
  FailureOr<Coordinates> coordinates = raiseCoordinates(
      rewriter, op.getIndices(), rows.getDimSize(1), batch == 1 ? 0 : batch);
  if (failed(coordinates))
    return rewriter.notifyMatchFailure(op, "positions are no coordinates");
  SmallVector<int64_t> sizes(coordinates->sizes);
  if (rows.getDimSize(2) != 1)
    sizes.push_back(rows.getDimSize(2));
  Value read =
      buildRead(rewriter, op.getLoc(),
                reshapeTo(rewriter, op.getValues(), sizes), *coordinates);
  rewriter.replaceOp(op, reshapeTo(rewriter, read, result.getShape()));
  return success();
}

void mlir::pdq::populateRaiseFlatGathersPatterns(RewritePatternSet &patterns) {
  patterns.add(raiseFlatGather);
}
