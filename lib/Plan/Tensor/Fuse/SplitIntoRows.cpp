// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums over everything as sums of rows: on a GPU the rows are reduced by one
// block of threads each, and elementwise kernels on the same rows take them
// along.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SPLITINTOROWS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Elements from which on a sum is split, and the rows and elements of a row
/// that are aimed at: many blocks of threads, each with something to do.
static constexpr int64_t minElements = 4096, manyRows = 128, longRow = 64;

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
  if (total < minElements)
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
  Location loc = op.getLoc();
  auto type = cast<FloatType>(getElementTypeOrSelf(op.getResult(0).getType()));
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  Value empty = tensor::EmptyOp::create(
      b, loc, ArrayRef(extents).take_front(numRowLoops), type);
  Value init = linalg::FillOp::create(
                   b, loc, buildIdentity(b, loc, combiner, type), empty)
                   .getResult(0);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.back() =
      AffineMap::getMultiDimIdentityMap(extents.size(), b.getContext())
          .getMajorSubMap(numRowLoops);
  SmallVector<utils::IteratorType> iterators(extents.size(),
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), numRowLoops, utils::IteratorType::parallel);
  auto rows = linalg::GenericOp::create(b, loc, init.getType(), op.getInputs(),
                                        init, maps, iterators);
  b.cloneRegionBefore(op.getRegion(), rows.getRegion(),
                      rows.getRegion().begin());
  return rows.getResult(0);
}

/// Combines the rows, in order, with what the result started from.
static Value combineRows(RewriterBase &b, linalg::GenericOp op,
                         Operation *combiner, Value rows) {
  int64_t rank = cast<RankedTensorType>(rows.getType()).getRank();
  Value init = op.getOutputs()[0];
  int64_t outputRank = cast<RankedTensorType>(init.getType()).getRank();
  AffineMap whole = b.getMultiDimIdentityMap(rank);
  SmallVector<AffineExpr> zeros(outputRank, b.getAffineConstantExpr(0));
  AffineMap one = AffineMap::get(rank, 0, zeros, b.getContext());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  auto combined = linalg::GenericOp::create(
      b, op.getLoc(), TypeRange{init.getType()}, ValueRange{rows},
      ValueRange{init}, ArrayRef{whole, one}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        OperationState state(loc, combiner->getName(), {args[1], args[0]},
                             {args[1].getType()}, combiner->getAttrs());
        linalg::YieldOp::create(nested, loc,
                                nested.create(state)->getResults());
      });
  return combined.getResult(0);
}

/// Whether `op` reduces all its elements to one number.
static bool reducesEverything(linalg::GenericOp op) {
  return op->getNumResults() == 1 &&
         op.getNumReductionLoops() == op.getNumLoops() &&
         op.getNumLoops() > 0 && op.hasPureTensorSemantics() &&
         isa<FloatType>(getElementTypeOrSelf(op.getResult(0).getType())) &&
         cast<RankedTensorType>(op.getResult(0).getType()).getRank() == 0;
}

/// Splits `op`; false where it has another form.
static bool split(RewriterBase &rewriter, linalg::GenericOp op) {
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
  rewriter.replaceOp(*sorted, combineRows(rewriter, *sorted, combiner, rows));
  return true;
}

namespace {
struct SplitIntoRows : pdq::impl::SplitIntoRowsBase<SplitIntoRows> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops)
      numSplit += split(rewriter, op);
  }
};
} // namespace
