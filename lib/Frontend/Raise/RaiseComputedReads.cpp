// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A read at a computed position hides what moves where. Positions that are
// numbers have a structured form, slices and repetitions, or are tabulated;
// elements are moved and never computed with, so that what is not read cannot
// reach a result.

#include "pdq/Frontend/Raise/RaiseComputedReads.h"
#include "PositionTable.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Support/Constants.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// An operation `y[l0, l1, ...] = source[p0[l_], p1[l_], ...]`.
struct ComputedRead {
  linalg::GenericOp op;
  Value source;
  /// For each dimension of the source.
  SmallVector<PositionTable> dims;

  RankedTensorType getType() const {
    return cast<RankedTensorType>(linalg::GenericOp(op).getResult(0).getType());
  }
  RankedTensorType getSourceType() const {
    return cast<RankedTensorType>(source.getType());
  }
};
} // namespace

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
    auto positions = getPositionTable(index, op, size, elements);
    if (failed(positions))
      return failure();
    read.dims.push_back(std::move(*positions));
  }
  return read;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The elements that are read of a constant.
static Value readElements(PatternRewriter &rewriter, const ComputedRead &read,
                          ArrayRef<float> source) {
  RankedTensorType type = read.getType();
  ArrayRef<int64_t> from = read.getSourceType().getShape();
  SmallVector<float> elements;
  SmallVector<int64_t> position(type.getRank(), 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t linear = 0;
    for (auto [size, dim] : llvm::zip_equal(from, read.dims)) {
      int64_t step = 0;
      for (unsigned loop : dim.loops)
        step = step * type.getDimSize(loop) + position[loop];
      linear = linear * size + dim.values[step];
    }
    elements.push_back(source[linear]);
    for (int64_t dim = type.getRank(); dim-- > 0;) {
      if (++position[dim] < type.getDimSize(dim))
        break;
      position[dim] = 0;
    }
  }
  return arith::ConstantOp::create(
      rewriter, read.op->getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(elements)));
}

//===----------------------------------------------------------------------===//
// Structured forms of one dimension
//===----------------------------------------------------------------------===//

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

/// `value[..., first : : stride, ...]`, `count` elements of dimension `dim`.
static Value slice(PatternRewriter &rewriter, Location loc, Value value,
                   int64_t dim, int64_t first, int64_t stride, int64_t count) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0)),
      strides(type.getRank(), rewriter.getIndexAttr(1)),
      sizes = getAsIndexOpFoldResult(rewriter.getContext(), type.getShape());
  offsets[dim] = rewriter.getIndexAttr(first);
  sizes[dim] = rewriter.getIndexAttr(count);
  strides[dim] = rewriter.getIndexAttr(stride);
  return tensor::ExtractSliceOp::create(rewriter, loc, value, offsets, sizes,
                                        strides);
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// `value` at `positions`, which are for the last dimensions known, of the
/// dimensions that have some.
static Value gather(PatternRewriter &rewriter, Location loc, Value value,
                    ArrayRef<const PositionTable *> positions) {
  auto type = cast<RankedTensorType>(value.getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> dims;
  for (auto [dim, known] : llvm::enumerate(positions)) {
    if (!known)
      continue;
    shape[dim] = known->values.size();
    auto table = RankedTensorType::get(shape[dim], rewriter.getI64Type());
    tables.push_back(arith::ConstantOp::create(
        rewriter, loc, DenseElementsAttr::get(table, ArrayRef(known->values))));
    maps.push_back(AffineMap::get(rank, 0, rewriter.getAffineDimExpr(dim),
                                  rewriter.getContext()));
    dims.push_back(dim);
  }
  maps.push_back(rewriter.getMultiDimIdentityMap(rank));
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), tables, empty, maps, loops,
             [&](OpBuilder &b, Location l, ValueRange args) {
               SmallVector<Value> indices;
               for (unsigned dim = 0; dim < rank; ++dim)
                 indices.push_back(linalg::IndexOp::create(b, l, dim));
               for (auto [number, dim] : llvm::enumerate(dims))
                 indices[dim] = arith::IndexCastOp::create(
                     b, l, b.getIndexType(), args[number]);
               Value element = tensor::ExtractOp::create(b, l, value, indices);
               linalg::YieldOp::create(b, l, element);
             })
      .getResult(0);
}

/// Whether dimension i of the source goes to dimension i of the result.
static bool keepsOrder(const ComputedRead &read) {
  RankedTensorType type = read.getType(), source = read.getSourceType();
  if (source.getRank() != type.getRank())
    return false;
  for (auto [dim, positions] : llvm::enumerate(read.dims)) {
    bool isAlong = positions.loops.size() == 1 && positions.loops[0] == dim;
    bool isFixed = positions.loops.empty() &&
                   (type.getDimSize(dim) == 1 || source.getDimSize(dim) == 1);
    if (!isAlong && !isFixed)
      return false;
  }
  return true;
}

static LogicalResult raiseDataRead(PatternRewriter &rewriter,
                                   const ComputedRead &read) {
  linalg::GenericOp op = read.op;
  RankedTensorType type = read.getType(), source = read.getSourceType();
  if (!keepsOrder(read))
    return rewriter.notifyMatchFailure(op, "changes the order of dimensions");
  SmallVector<const PositionTable *> others(read.dims.size(), nullptr);
  SmallVector<std::function<Value(Value)>> steps;
  bool isMoved = false;
  for (auto [index, positions] : llvm::enumerate(read.dims)) {
    int64_t dim = index, size = type.getDimSize(dim);
    int64_t factor = getRepetition(positions.values, source.getDimSize(dim));
    auto progression = positions.getProgression();
    if (positions.loops.empty() && size != 1)
      steps.push_back([&rewriter, op, dim, size](Value value) {
        return spread(rewriter, op->getLoc(), value, dim, size);
      });
    else if (factor > 1)
      steps.push_back([&rewriter, op, dim, factor](Value value) {
        return repeat(rewriter, op->getLoc(), value, dim, factor);
      });
    else if (factor == 0 && progression)
      steps.push_back([&rewriter, op, dim, size, progression](Value value) {
        return slice(rewriter, op->getLoc(), value, dim, progression->first,
                     progression->second, size);
      });
    else if (factor == 0) {
      others[dim] = &positions;
      isMoved = true;
    }
  }
  if (isMoved && steps.empty())
    return rewriter.notifyMatchFailure(op, "has no dimension in a row");
  Value value = read.source;
  for (const auto &step : steps)
    value = step(value);
  if (isMoved)
    value = gather(rewriter, op.getLoc(), value, others);
  rewriter.replaceOp(op, value);
  return success();
}

/// The sizes of a box at the start of the source whose elements the results
/// are, in order; nothing where they are others.
static std::optional<SmallVector<int64_t>> getBox(const ComputedRead &read) {
  SmallVector<int64_t> box;
  for (const PositionTable &dim : read.dims)
    box.push_back(*llvm::max_element(dim.values) + 1);
  RankedTensorType type = read.getType();
  if (ShapedType::getNumElements(box) != type.getNumElements() ||
      type.getNumElements() > (1 << 20))
    return std::nullopt;
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    SmallVector<int64_t> position = delinearize(i, strides);
    int64_t linear = 0;
    for (auto [size, dim] : llvm::zip_equal(box, read.dims)) {
      int64_t step = 0;
      for (unsigned loop : dim.loops)
        step = step * type.getDimSize(loop) + position[loop];
      linear = linear * size + dim.values[step];
    }
    if (linear != i)
      return std::nullopt;
  }
  return box;
}

/// Elements in order, as of positions that count through a flattened tensor,
/// are a view.
static LogicalResult raiseView(PatternRewriter &rewriter,
                               const ComputedRead &read) {
  linalg::GenericOp op = read.op;
  auto box = getBox(read);
  if (!box)
    return rewriter.notifyMatchFailure(op, "does not read in order");
  Location loc = op.getLoc();
  Value value = read.source;
  for (auto [dim, size] : llvm::enumerate(*box))
    if (size != cast<RankedTensorType>(value.getType()).getDimSize(dim))
      value = slice(rewriter, loc, value, dim, 0, 1, size);
  auto groupAll = [](int64_t rank) {
    return SmallVector<ReassociationIndices>{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
  };
  RankedTensorType type = read.getType();
  if (value.getType() != type && box->size() > 1)
    value = tensor::CollapseShapeOp::create(rewriter, loc, value,
                                            groupAll(box->size()));
  if (value.getType() != type)
    value = tensor::ExpandShapeOp::create(rewriter, loc, type, value,
                                          groupAll(type.getRank()));
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
  bool isFlat = read->getType().getRank() > 0 &&
                read->getSourceType().getRank() > read->getType().getRank();
  if (isFlat && succeeded(raiseView(rewriter, *read)))
    return success();
  return raiseDataRead(rewriter, *read);
}

void mlir::pdq::populateRaiseComputedReadsPatterns(
    RewritePatternSet &patterns) {
  patterns.add(raiseComputedRead, /*benefit=*/2);
  populateTabulatePositionsPatterns(patterns);
}
