// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor that a payload reads without an operand has no indexing map: nobody
// can follow the batch through it or differentiate it. Positions are numbers
// that do not depend on data, so a structured form exists.

#include "RaiseComputedReads.h"
#include "Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/IR/ConstantElements.h"
#include "pdq/IR/Constants.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// An operation `y[l0, l1, ...] = source[p0[l_], p1[l_], ...]`.
struct ComputedRead {
  linalg::GenericOp op;
  Value source;
  /// Per dimension of the source: the loop that its position depends on, and
  /// the position in each step of this loop.
  struct Positions {
    std::optional<unsigned> loop;
    SmallVector<int64_t> values;
  };
  SmallVector<Positions> dims;
};
} // namespace

/// Adds the loops that a scalar of the payload depends on.
static void collectLoops(Value scalar, linalg::LinalgOp op,
                         llvm::SmallSetVector<unsigned, 4> &loops) {
  llvm::SetVector<Value> slice;
  slice.insert(scalar);
  for (size_t i = 0; i < slice.size(); ++i) {
    Operation *def = slice[i].getDefiningOp();
    auto argument = dyn_cast<BlockArgument>(slice[i]);
    if (argument && argument.getOwner() == op.getBlock()) {
      AffineMap map =
          op.getMatchingIndexingMap(op.getMatchingOpOperand(argument));
      for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
        if (map.isFunctionOfDim(loop))
          loops.insert(loop);
    } else if (auto index = dyn_cast_or_null<linalg::IndexOp>(def)) {
      loops.insert(index.getDim());
    } else if (def && def->getBlock() == op.getBlock()) {
      slice.insert(def->operand_begin(), def->operand_end());
    }
  }
}

/// The positions that `index` takes; failure where they depend on data or on
/// two loops, or lie outside of [0, size).
static FailureOr<ComputedRead::Positions>
getPositions(Value index, linalg::LinalgOp op, int64_t size,
             ConstantElements &elements) {
  llvm::SmallSetVector<unsigned, 4> loops;
  collectLoops(index, op, loops);
  if (loops.size() > 1)
    return failure();
  ComputedRead::Positions positions;
  SmallVector<int64_t> position(op.getNumLoops(), 0);
  int64_t extent = 1;
  if (!loops.empty()) {
    positions.loop = loops.front();
    extent = op.getStaticLoopRanges()[loops.front()];
  }
  for (int64_t step = 0; step < extent; ++step) {
    if (positions.loop)
      position[*positions.loop] = step;
    auto value =
        dyn_cast_or_null<IntegerAttr>(elements.getScalar(index, op, position));
    if (!value || value.getInt() < 0 || value.getInt() >= size)
      return failure();
    positions.values.push_back(value.getInt());
  }
  return positions;
}

static FailureOr<ComputedRead> matchComputedRead(linalg::GenericOp op) {
  auto type = op->getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  if (!type || !type.hasStaticShape() || type.getNumElements() == 0 ||
      op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return failure();
  auto extract = op.getBlock()
                     ->getTerminator()
                     ->getOperand(0)
                     .getDefiningOp<tensor::ExtractOp>();
  if (!extract || !extract.getTensor().getType().hasStaticShape() ||
      extract.getTensor().getType().getNumElements() == 0 ||
      extract.getTensor().getParentBlock() != op->getBlock())
    return failure();
  ComputedRead read{op, extract.getTensor(), {}};
  ConstantElements elements;
  ArrayRef<int64_t> shape = extract.getTensor().getType().getShape();
  for (auto [index, size] : llvm::zip_equal(extract.getIndices(), shape)) {
    auto positions = getPositions(index, op, size, elements);
    if (failed(positions))
      return failure();
    read.dims.push_back(std::move(*positions));
  }
  return read;
}

/// The elements that are read of a constant.
static Value readElements(PatternRewriter &rewriter, const ComputedRead &read,
                          ArrayRef<float> source) {
  linalg::GenericOp op = read.op;
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  ArrayRef<int64_t> from =
      cast<RankedTensorType>(read.source.getType()).getShape();
  SmallVector<float> elements;
  SmallVector<int64_t> position(type.getRank(), 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t linear = 0;
    for (auto [size, dim] : llvm::zip_equal(from, read.dims))
      linear = linear * size + dim.values[dim.loop ? position[*dim.loop] : 0];
    elements.push_back(source[linear]);
    for (int64_t dim = type.getRank(); dim-- > 0;) {
      if (++position[dim] < type.getDimSize(dim))
        break;
      position[dim] = 0;
    }
  }
  return arith::ConstantOp::create(
      rewriter, op.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(elements)));
}

/// How often each element of a dimension is read in a row; 0 where the numbers
/// differ.
static int64_t getRepetition(ArrayRef<int64_t> positions, int64_t size) {
  int64_t factor = positions.size() / size;
  for (auto [step, position] : llvm::enumerate(positions))
    if (factor == 0 || position != static_cast<int64_t>(step) / factor)
      return 0;
  return factor;
}

/// `value` with every element of dimension `dim` repeated.
static Value repeat(PatternRewriter &rewriter, Location loc, Value value,
                    int64_t dim, int64_t factor) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + dim + 1, factor);
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  Value wide = linalg::BroadcastOp::create(rewriter, loc, value, empty,
                                           ArrayRef<int64_t>{dim + 1})
                   ->getResult(0);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    groups.push_back({i + (i > dim)});
    if (i == dim)
      groups.back().push_back(i + 1);
  }
  return tensor::CollapseShapeOp::create(rewriter, loc, wide, groups);
}

/// `value` at `positions` of dimension `dim`: sum_k s[l, k] value[..., k, ...].
/// The matrix comes first, so that it is not taken for a weight.
static Value select(PatternRewriter &rewriter, Location loc, Value value,
                    int64_t dim, ArrayRef<int64_t> positions) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t size = type.getDimSize(dim), rank = type.getRank();
  int64_t count = positions.size();
  SmallVector<float> matrix(count * size, 0.0f);
  for (auto [step, position] : llvm::enumerate(positions))
    matrix[step * size + position] = 1.0f;
  Value selection = arith::ConstantOp::create(
      rewriter, loc,
      DenseElementsAttr::get(
          RankedTensorType::get({count, size}, type.getElementType()),
          ArrayRef<float>(matrix)));
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = count;
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
  Value init = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  // Loops: those of the result, and k.
  SmallVector<AffineExpr> loops;
  for (int64_t loop = 0; loop <= rank; ++loop)
    loops.push_back(rewriter.getAffineDimExpr(loop));
  SmallVector<AffineExpr> read(loops);
  read.pop_back();
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(rank + 1, 0, results, rewriter.getContext());
  };
  AffineMap result = map(read);
  read[dim] = loops.back();
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             rewriter, loc, init.getType(), ValueRange{selection, value}, init,
             ArrayRef<AffineMap>{map({loops[dim], loops.back()}), map(read),
                                 result},
             iterators,
             [](OpBuilder &b, Location l, ValueRange args) {
               Value product = arith::MulFOp::create(b, l, args[0], args[1]);
               Value sum = arith::AddFOp::create(b, l, args[2], product);
               linalg::YieldOp::create(b, l, sum);
             })
      .getResult(0);
}

/// `value` with its only element of dimension `dim` read `size` times.
static Value spread(PatternRewriter &rewriter, Location loc, Value value,
                    int64_t dim, int64_t size) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  AffineMap all = rewriter.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineExpr> results(all.getResults());
  results[dim] = rewriter.getAffineConstantExpr(0);
  AffineMap read =
      AffineMap::get(type.getRank(), 0, results, rewriter.getContext());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), value, empty,
             ArrayRef<AffineMap>{read, all}, loops,
             [](OpBuilder &b, Location l, ValueRange args) {
               linalg::YieldOp::create(b, l, args[0]);
             })
      .getResult(0);
}

/// Data: dimension i of the source must go to dimension i of the result.
static LogicalResult raiseDataRead(PatternRewriter &rewriter,
                                   const ComputedRead &read) {
  linalg::GenericOp op = read.op;
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  auto source = cast<RankedTensorType>(read.source.getType());
  if (source.getRank() != type.getRank())
    return rewriter.notifyMatchFailure(op, "changes the rank");
  for (auto [dim, positions] : llvm::enumerate(read.dims))
    if (positions.loop
            ? *positions.loop != dim
            : type.getDimSize(dim) != 1 && source.getDimSize(dim) != 1)
      return rewriter.notifyMatchFailure(op, "changes the order of dimensions");
  Value value = read.source;
  for (auto [dim, positions] : llvm::enumerate(read.dims)) {
    int64_t factor = getRepetition(positions.values, source.getDimSize(dim));
    if (!positions.loop && type.getDimSize(dim) != 1)
      value = spread(rewriter, op.getLoc(), value, dim, type.getDimSize(dim));
    else if (factor > 1)
      value = repeat(rewriter, op.getLoc(), value, dim, factor);
    else if (factor == 0)
      value = select(rewriter, op.getLoc(), value, dim, positions.values);
  }
  rewriter.replaceOp(op, value);
  return success();
}

static LogicalResult raiseComputedRead(linalg::GenericOp op,
                                       PatternRewriter &rewriter) {
  FailureOr<ComputedRead> read = matchComputedRead(op);
  if (failed(read))
    return rewriter.notifyMatchFailure(op, "is no read at computed positions");
  if (auto constant = readConstant<float>(read->source)) {
    rewriter.replaceOp(op, readElements(rewriter, *read, *constant));
    return success();
  }
  if (!cast<RankedTensorType>(read->source.getType()).getElementType().isF32())
    return rewriter.notifyMatchFailure(op, "reads no f32");
  return raiseDataRead(rewriter, *read);
}

void mlir::pdq::populateRaiseComputedReadsPatterns(
    RewritePatternSet &patterns) {
  patterns.add(raiseComputedRead);
}
