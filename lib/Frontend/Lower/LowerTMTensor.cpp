// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scan is log2(n) shifted additions. A sort counts for each element how many
// stand in front of it, then puts it there: n * n comparisons a line, but all
// of them loops that have a derivative and any batch.

#include "pdq/Frontend/Lower/LowerTMTensor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::pdq;

/// An attribute of an operation in printed or in generic form.
static Attribute getParameter(Operation *op, StringRef name) {
  if (Attribute value = op->getAttr(name))
    return value;
  auto properties =
      dyn_cast_or_null<DictionaryAttr>(op->getPropertiesAsAttribute());
  return properties ? properties.get(name) : Attribute();
}

/// The dimension that `op` works along where `value` is a tensor that has it,
/// with a static size.
static std::optional<int64_t> getDimension(Operation *op, Value value) {
  auto dimension = dyn_cast_or_null<IntegerAttr>(getParameter(op, "dimension"));
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!dimension || !type || dimension.getInt() < 0 ||
      dimension.getInt() >= type.getRank() ||
      type.isDynamicDim(dimension.getInt()))
    return std::nullopt;
  return dimension.getInt();
}

static SmallVector<OpFoldResult> repeatIndex(Builder &b, int64_t value,
                                             size_t count) {
  return SmallVector<OpFoldResult>(count, b.getIndexAttr(value));
}

/// `value` moved up by `distance` along `dim`; `neutral` moves in.
static Value shift(OpBuilder &b, Location loc, Value value, int64_t dim,
                   int64_t distance, TypedAttr neutral) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  sizes[dim] = b.getIndexAttr(type.getDimSize(dim) - distance);
  Value kept = tensor::ExtractSliceOp::create(
      b, loc, value, repeatIndex(b, 0, sizes.size()), sizes,
      repeatIndex(b, 1, sizes.size()));
  SmallVector<OpFoldResult> low = repeatIndex(b, 0, sizes.size());
  SmallVector<OpFoldResult> high = low;
  low[dim] = b.getIndexAttr(distance);
  Value fill = arith::ConstantOp::create(b, loc, neutral);
  return tensor::PadOp::create(b, loc, type, kept, low, high, fill);
}

/// The one operation of the body of a scan, on its two arguments.
static Operation *getCombiner(Operation *scan) {
  if (scan->getNumRegions() != 1 || !scan->getRegion(0).hasOneBlock())
    return nullptr;
  Block &body = scan->getRegion(0).front();
  if (body.getNumArguments() != 2 || body.getOperations().size() != 2)
    return nullptr;
  Operation *combiner = &body.front();
  bool combines =
      combiner->getNumOperands() == 2 && combiner->getNumResults() == 1 &&
      body.back().getNumOperands() == 1 &&
      body.back().getOperand(0) == combiner->getResult(0) &&
      llvm::all_of(body.getArguments(), [&](BlockArgument argument) {
        return llvm::is_contained(combiner->getOperands(), argument);
      });
  return combines ? combiner : nullptr;
}

/// The results of the body `combiner` on all elements of two tensors.
static Value combine(OpBuilder &b, Location loc, Operation *combiner, Value lhs,
                     Value rhs) {
  auto type = cast<RankedTensorType>(lhs.getType());
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, lhs), type.getElementType());
  SmallVector<AffineMap> maps(3, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, type, ValueRange{lhs, rhs}, empty, maps, loops,
             [&](OpBuilder &inner, Location l, ValueRange args) {
               IRMapping mapping;
               mapping.map(combiner->getOperands(), args.take_front(2));
               Operation *copy = inner.clone(*combiner, mapping);
               linalg::YieldOp::create(inner, l, copy->getResults());
             })
      .getResult(0);
}

/// The last elements of `value` along `dim`.
static Value readLast(OpBuilder &b, Location loc, Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  sizes.erase(sizes.begin() + dim);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  AffineMap all = b.getMultiDimIdentityMap(sizes.size());
  AffineMap read =
      all.insertResult(b.getAffineConstantExpr(type.getDimSize(dim) - 1), dim);
  SmallVector<utils::IteratorType> loops(sizes.size(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, empty.getType(), value, empty,
             ArrayRef<AffineMap>{read, all}, loops,
             [](OpBuilder &inner, Location l, ValueRange args) {
               linalg::YieldOp::create(inner, l, args[0]);
             })
      .getResult(0);
}

/// Replaces a scan of a tensor; its second result is the last running value.
static LogicalResult lowerScan(Operation *op, PatternRewriter &rewriter) {
  if (op->getNumOperands() != 3 || op->getNumResults() != 2)
    return rewriter.notifyMatchFailure(op, "has not one input");
  Value value = op->getOperand(0);
  std::optional<int64_t> dim = getDimension(op, value);
  auto inclusive = dyn_cast_or_null<BoolAttr>(getParameter(op, "inclusive"));
  if (!dim || !inclusive || !inclusive.getValue())
    return rewriter.notifyMatchFailure(op, "is not inclusive or dynamic");
  Operation *combiner = getCombiner(op);
  std::optional<TypedAttr> neutral;
  if (combiner)
    neutral = arith::getNeutralElement(combiner);
  if (!neutral)
    return rewriter.notifyMatchFailure(op, "combiner has no neutral element");
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  int64_t size = type.getDimSize(*dim);
  for (int64_t distance = 1; distance < size; distance *= 2)
    value =
        combine(rewriter, loc, combiner,
                shift(rewriter, loc, value, *dim, distance, *neutral), value);
  Value last = readLast(rewriter, loc, value, *dim);
  rewriter.replaceOp(op, {value, last});
  return success();
}

namespace {
/// Sorting along one dimension: loops are those of the tensors, and one more
/// over all other elements of the line.
class SortBuilder {
public:
  SortBuilder(OpBuilder &b, Operation *op, int64_t dim)
      : b(b), op(op), loc(op->getLoc()), dim(dim),
        rank(cast<RankedTensorType>(op->getResult(0).getType()).getRank()),
        loops(rank + 1, utils::IteratorType::parallel) {
    loops.back() = utils::IteratorType::reduction;
    own = b.getMultiDimIdentityMap(rank + 1).dropResult(rank);
    SmallVector<AffineExpr> results(own.getResults());
    results[dim] = b.getAffineDimExpr(rank);
    other = AffineMap::get(rank + 1, 0, results, b.getContext());
  }

  Value buildRanks();
  Value buildSorted(Value ranks, Value value);

private:
  Value buildZeros(Value like, Type element) {
    Value empty = tensor::EmptyOp::create(
        b, loc, tensor::getMixedSizes(b, loc, like), element);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    return linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  }
  Value compare(OpBuilder &inner, ValueRange first, ValueRange second);

  OpBuilder &b;
  Operation *op;
  Location loc;
  int64_t dim, rank;
  SmallVector<utils::IteratorType> loops;
  /// Maps that read the element of a line and the one it is compared with.
  AffineMap own, other;
};
} // namespace

/// Whether the elements `first` of all tensors may stand before `second`.
Value SortBuilder::compare(OpBuilder &inner, ValueRange first,
                           ValueRange second) {
  Block &body = op->getRegion(0).front();
  IRMapping mapping;
  for (auto [index, argument] : llvm::enumerate(body.getArguments()))
    mapping.map(argument, (index % 2 ? second : first)[index / 2]);
  // The terminator is unregistered, as all operations of this dialect.
  for (Operation &scalar : llvm::drop_end(body))
    inner.clone(scalar, mapping);
  return mapping.lookupOrDefault(body.back().getOperand(0));
}

/// How many elements of its line stand in front of each; those of equal rank
/// keep their order.
Value SortBuilder::buildRanks() {
  size_t count = op->getNumOperands();
  SmallVector<Value> inputs(op->getOperands());
  llvm::append_range(inputs, op->getOperands());
  SmallVector<AffineMap> maps(count, own);
  maps.append(count, other);
  maps.push_back(own);
  Value init = buildZeros(op->getOperand(0), b.getI64Type());
  auto body = [&](OpBuilder &inner, Location l, ValueRange args) {
    ValueRange self = args.take_front(count);
    ValueRange rest = args.slice(count, count);
    Value before = compare(inner, rest, self);
    Value after = compare(inner, self, rest);
    using P = arith::CmpIPredicate;
    Value isTie = arith::CmpIOp::create(inner, l, P::eq, before, after);
    Value isEarlier = arith::CmpIOp::create(
        inner, l, P::ult, linalg::IndexOp::create(inner, l, rank),
        linalg::IndexOp::create(inner, l, dim));
    Value precedes =
        arith::SelectOp::create(inner, l, isTie, isEarlier, before);
    Value one = arith::ExtUIOp::create(inner, l, b.getI64Type(), precedes);
    Value sum = arith::AddIOp::create(inner, l, args.back(), one);
    linalg::YieldOp::create(inner, l, sum);
  };
  return linalg::GenericOp::create(b, loc, init.getType(), inputs, init, maps,
                                   loops, body)
      .getResult(0);
}

/// `value` with each element where its rank says.
Value SortBuilder::buildSorted(Value ranks, Value value) {
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  Value init = buildZeros(value, element);
  auto body = [&](OpBuilder &inner, Location l, ValueRange args) {
    Value place = arith::IndexCastOp::create(
        inner, l, b.getI64Type(), linalg::IndexOp::create(inner, l, dim));
    Value isHere = arith::CmpIOp::create(inner, l, arith::CmpIPredicate::eq,
                                         args[0], place);
    Value zero =
        arith::ConstantOp::create(inner, l, inner.getZeroAttr(element));
    Value chosen = arith::SelectOp::create(inner, l, isHere, args[1], zero);
    Value sum =
        isa<FloatType>(element)
            ? arith::AddFOp::create(inner, l, args[2], chosen).getResult()
            : arith::AddIOp::create(inner, l, args[2], chosen).getResult();
    linalg::YieldOp::create(inner, l, sum);
  };
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{ranks, value}, init,
             ArrayRef<AffineMap>{other, other, own}, loops, body)
      .getResult(0);
}

static LogicalResult lowerSort(Operation *op, PatternRewriter &rewriter) {
  size_t count = op->getNumOperands();
  if (count == 0 || op->getNumResults() != count || op->getNumRegions() != 1 ||
      !op->getRegion(0).hasOneBlock() ||
      op->getRegion(0).getNumArguments() != 2 * count ||
      op->getRegion(0).front().back().getNumOperands() != 1)
    return rewriter.notifyMatchFailure(op, "does not sort its operands");
  std::optional<int64_t> dim = getDimension(op, op->getOperand(0));
  if (!dim || op->getOperandTypes() != op->getResultTypes())
    return rewriter.notifyMatchFailure(op, "dimension is not static");
  SortBuilder builder(rewriter, op, *dim);
  Value ranks = builder.buildRanks();
  SmallVector<Value> sorted;
  for (Value value : op->getOperands())
    sorted.push_back(builder.buildSorted(ranks, value));
  rewriter.replaceOp(op, sorted);
  return success();
}

namespace {
/// Unregistered operations are matched by their names.
struct LowerByName : RewritePattern {
  using LowerFn = LogicalResult (*)(Operation *, PatternRewriter &);
  LowerByName(StringRef name, LowerFn lower, MLIRContext *context)
      : RewritePattern(name, /*benefit=*/1, context), lower(lower) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    return lower(op, rewriter);
  }
  LowerFn lower;
};
} // namespace

void mlir::pdq::populateLowerTMTensorPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<LowerByName>("tm_tensor.attention", lowerAttention, context);
  patterns.add<LowerByName>("tm_tensor.scan", lowerScan, context);
  patterns.add<LowerByName>("tm_tensor.sort", lowerSort, context);
}
