// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Splits long reductions into partial ones: parts that threads share and that
// stay in the cache, or rows that a block of a GPU's threads each reduces and
// that are fused with elementwise kernels on the same rows. Their number
// follows from the shape alone.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Partial reductions; fixed, so that results do not depend on threads.
static constexpr int64_t usualParts = 8;
/// Of a product on a GPU: results of a block of threads, and terms that a part
/// has at least.
static constexpr int64_t blockElements = 64 * 64, minTerms = 512;
/// Iterations of a reduction from which on splitting pays, and elements of the
/// result up to which partial results are cheap.
static constexpr int64_t minIterations = 4096, maxElements = 1 << 16;
/// Rows, and elements of a row, that are aimed at: many blocks of threads, each
/// with something to do.
static constexpr int64_t manyRows = 128, longRow = 64;

namespace {
/// A reduction that can be split: result = combiner(init, term).
struct SplittableReduction {
  linalg::LinalgOp op;
  Operation *combiner;
  /// The loop that is split, and into how many parts.
  unsigned loop;
  int64_t numParts;
};
} // namespace

/// The reduction loop that is the outermost dimension of an input: its parts
/// are contiguous in memory.
static std::optional<unsigned> getOutermost(linalg::LinalgOp op,
                                            OpOperand *input) {
  AffineMap map = op.getMatchingIndexingMap(input);
  auto dim = dyn_cast_or_null<AffineDimExpr>(
      map.getNumResults() > 0 ? map.getResult(0) : AffineExpr());
  if (dim && op.getIteratorTypesArray()[dim.getPosition()] ==
                 utils::IteratorType::reduction)
    return dim.getPosition();
  return std::nullopt;
}

/// The first such loop that the usual number divides.
static std::optional<unsigned> findLoop(linalg::LinalgOp op) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (OpOperand *input : op.getDpsInputOperands())
    if (std::optional<unsigned> loop = getOutermost(op, input))
      if (ranges[*loop] % usualParts == 0 && ranges[*loop] > usualParts)
        return loop;
  return std::nullopt;
}

/// The smallest number of parts, a divisor of `extent`, that gives every
/// multiprocessor a block, or the largest one of which each has enough terms.
static int64_t countParts(int64_t extent, int64_t elements, int64_t iterations,
                          int64_t multiprocessors) {
  int64_t blocks =
      std::max<int64_t>(llvm::divideCeil(elements, blockElements), 1);
  int64_t wanted = llvm::divideCeil(multiprocessors, blocks);
  int64_t most = std::min(extent, iterations / minTerms), parts = 1;
  for (int64_t next = 2; next <= most && parts < wanted; ++next)
    if (extent % next == 0)
      parts = next;
  return parts;
}

/// The parts of a product for `multiprocessors`.
static std::optional<SplittableReduction>
matchProduct(linalg::GenericOp op, Operation *combiner, int64_t elements,
             int64_t iterations, int64_t multiprocessors) {
  auto loop = getOutermost(op, op.getDpsInputOperand(0));
  if (!loop || loop != getOutermost(op, op.getDpsInputOperand(1)))
    return std::nullopt;
  int64_t parts = countParts(op.getStaticLoopRanges()[*loop], elements,
                             iterations, multiprocessors);
  if (parts == 1)
    return std::nullopt;
  return SplittableReduction{op, combiner, *loop, parts};
}

static std::optional<SplittableReduction> match(linalg::LinalgOp op,
                                                int64_t multiprocessors) {
  if (op->getNumResults() != 1 || op.hasIndexSemantics() ||
      op.getNumReductionLoops() == 0)
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!isa<FloatType>(type.getElementType()) ||
      !output.isProjectedPermutation())
    return std::nullopt;
  int64_t iterations = 1;
  for (auto [range, iterator] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      iterations *= range;
  Operation *combiner = findCombiner(op);
  if (!combiner || iterations < minIterations)
    return std::nullopt;
  auto product = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (multiprocessors > 0 && product && isContraction(product))
    return matchProduct(product, combiner, type.getNumElements(), iterations,
                        multiprocessors);
  std::optional<unsigned> loop = findLoop(op);
  if (!loop || type.getNumElements() > maxElements)
    return std::nullopt;
  return SplittableReduction{op, combiner, *loop, usualParts};
}

//===----------------------------------------------------------------------===//
// Partial results
//===----------------------------------------------------------------------===//

/// The reduction of `op` with other operands, loops and results of this shape,
/// which starts from the combiner's identity.
static linalg::GenericOp buildPartial(RewriterBase &b, linalg::LinalgOp op,
                                      Operation *combiner,
                                      ArrayRef<int64_t> shape,
                                      ValueRange inputs,
                                      ArrayRef<AffineMap> maps,
                                      ArrayRef<utils::IteratorType> iterators) {
  Location loc = op.getLoc();
  auto type = cast<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  Value identity = buildIdentity(b, loc, combiner, type);
  Value empty = tensor::EmptyOp::create(b, loc, shape, type);
  Value init = linalg::FillOp::create(b, loc, identity, empty).getResult(0);
  auto partial = linalg::GenericOp::create(b, loc, init.getType(), inputs, init,
                                           maps, iterators);
  b.cloneRegionBefore(op->getRegion(0), partial.getRegion(),
                      partial.getRegion().begin());
  return partial;
}

/// Combines partial results along the leading dimensions, in order, with what
/// the result started from.
static Value combinePartial(RewriterBase &b, linalg::LinalgOp op,
                            Operation *combiner, Value partial) {
  Value init = op.getDpsInitOperand(0)->get();
  int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
  int64_t loops = cast<RankedTensorType>(partial.getType()).getRank();
  AffineMap whole = b.getMultiDimIdentityMap(loops);
  AffineMap rest = AffineMap::getMinorIdentityMap(loops, rank, b.getContext());
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  std::fill_n(iterators.begin(), loops - rank, utils::IteratorType::reduction);
  auto combined = linalg::GenericOp::create(
      b, op.getLoc(), TypeRange{init.getType()}, ValueRange{partial},
      ValueRange{init}, ArrayRef{whole, rest}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        OperationState state(loc, combiner->getName(), {args[1], args[0]},
                             {args[1].getType()}, combiner->getAttrs());
        linalg::YieldOp::create(nested, loc,
                                nested.create(state)->getResults());
      });
  return combined.getResult(0);
}

/// The partial reductions: loop 0 is the part, all others move up by one, and
/// the split loop runs within its part.
static Value buildParts(RewriterBase &b, const SplittableReduction &reduction) {
  linalg::LinalgOp op = reduction.op;
  unsigned numLoops = op.getNumLoops();
  int64_t size = op.getStaticLoopRanges()[reduction.loop] / reduction.numParts;
  SmallVector<AffineExpr> dims;
  for (unsigned i = 0; i < numLoops; ++i)
    dims.push_back(b.getAffineDimExpr(i + 1));
  dims[reduction.loop] =
      b.getAffineDimExpr(0) * size + b.getAffineDimExpr(reduction.loop + 1);
  SmallVector<AffineMap> maps;
  for (AffineMap map : op.getIndexingMapsArray())
    maps.push_back(map.replaceDimsAndSymbols(dims, {}, numLoops + 1, 0));
  maps.back() = maps.back().insertResult(b.getAffineDimExpr(0), 0);
  // Gives the split loop its bound; never read.
  SmallVector<Value> inputs = op.getDpsInputs();
  inputs.push_back(
      tensor::EmptyOp::create(b, op.getLoc(), {size}, b.getI8Type()));
  AffineMap bound =
      AffineMap::get(numLoops + 1, 0, b.getAffineDimExpr(reduction.loop + 1));
  maps.insert(std::prev(maps.end()), bound);
  SmallVector<int64_t> shape{reduction.numParts};
  llvm::append_range(
      shape, cast<RankedTensorType>(op->getResult(0).getType()).getShape());
  SmallVector<utils::IteratorType> iterators{utils::IteratorType::parallel};
  llvm::append_range(iterators, op.getIteratorTypesArray());
  auto parts =
      buildPartial(b, op, reduction.combiner, shape, inputs, maps, iterators);
  parts.getBody()->insertArgument(inputs.size() - 1, b.getI8Type(),
                                  op.getLoc());
  return parts.getResult(0);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The map of the input that says how elements lie in memory: one with all
/// loops.
static std::optional<AffineMap> findMemoryOrder(linalg::GenericOp op) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (map.isPermutation())
      return map;
  }
  return std::nullopt;
}

/// The number of leading loops that make rows; 0 where there are too few
/// elements.
static unsigned chooseRowLoops(ArrayRef<int64_t> extents) {
  int64_t total = 1, rows = 1;
  for (int64_t extent : extents)
    total *= extent;
  if (total < minIterations)
    return 0;
  unsigned chosen = 0;
  for (unsigned count = 1; count < extents.size(); ++count) {
    rows *= extents[count - 1];
    if (total / rows < longRow)
      break;
    chosen = count;
    if (rows >= manyRows)
      break;
  }
  return chosen;
}

/// The reduction of each row; loops are in the order of memory.
static Value buildRows(RewriterBase &b, linalg::GenericOp op,
                       Operation *combiner, unsigned numRowLoops) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.back() =
      b.getMultiDimIdentityMap(extents.size()).getMajorSubMap(numRowLoops);
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  std::fill_n(iterators.begin(), numRowLoops, utils::IteratorType::parallel);
  return buildPartial(b, op, combiner,
                      ArrayRef(extents).take_front(numRowLoops), op.getInputs(),
                      maps, iterators)
      .getResult(0);
}

/// Whether `op` reduces all its elements to one number.
static bool reducesEverything(linalg::GenericOp op) {
  return op->getNumResults() == 1 &&
         op.getNumReductionLoops() == op.getNumLoops() &&
         op.getNumLoops() > 0 && op.hasPureTensorSemantics() &&
         isa<FloatType>(getElementTypeOrSelf(op.getResult(0).getType())) &&
         cast<RankedTensorType>(op.getResult(0).getType()).getRank() == 0;
}

/// Splits `op` into rows; false where it has another form.
static bool splitIntoRows(RewriterBase &rewriter, linalg::GenericOp op) {
  Operation *combiner = reducesEverything(op) ? findCombiner(op) : nullptr;
  std::optional<AffineMap> order = findMemoryOrder(op);
  if (!combiner || !order)
    return false;
  SmallVector<unsigned> loops;
  SmallVector<int64_t> extents, ranges = op.getStaticLoopRanges();
  for (unsigned place = 0; place < order->getNumResults(); ++place) {
    loops.push_back(order->getDimPosition(place));
    extents.push_back(ranges[loops.back()]);
  }
  unsigned numRowLoops = chooseRowLoops(extents);
  if (numRowLoops == 0)
    return false;
  rewriter.setInsertionPoint(op);
  FailureOr<linalg::GenericOp> sorted =
      linalg::interchangeGenericOp(rewriter, op, loops);
  if (failed(sorted))
    return false;
  combiner = findCombiner(*sorted);
  rewriter.setInsertionPoint(*sorted);
  Value rows = buildRows(rewriter, *sorted, combiner, numRowLoops);
  rewriter.replaceOp(*sorted,
                     combinePartial(rewriter, *sorted, combiner, rows));
  return true;
}

namespace {
struct SplitReductions : pdq::impl::SplitReductionsBase<SplitReductions> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    int64_t number = multiprocessors;
    if (number >= 0)
      return success();
    return emitError(getOptionsLocation(context))
           << "option 'multiprocessors' is " << number
           << ", expected 0 or more";
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    if (fullReductions == FullReductionSplit::Rows) {
      SmallVector<linalg::GenericOp> ops;
      getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
      for (linalg::GenericOp op : ops)
        numSplit += splitIntoRows(rewriter, op);
    }
    // What combines very many rows is a long reduction, too.
    SmallVector<SplittableReduction> reductions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (auto reduction = match(op, multiprocessors))
        reductions.push_back(*reduction);
    });
    for (const SplittableReduction &reduction : reductions) {
      linalg::LinalgOp op = reduction.op;
      rewriter.setInsertionPoint(op);
      Value parts = buildParts(rewriter, reduction);
      rewriter.replaceOp(
          op, combinePartial(rewriter, op, reduction.combiner, parts));
      ++numSplit;
    }
  }
};
} // namespace
