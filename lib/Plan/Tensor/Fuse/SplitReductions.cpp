// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Splits long reductions into partial ones, which threads share and which stay
// in the cache. Their number follows from the shape alone.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
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

/// A tensor filled with the combiner's identity.
static Value buildIdentities(OpBuilder &b, Location loc, Operation *combiner,
                             ArrayRef<int64_t> shape, FloatType type) {
  Value identity = buildIdentity(b, loc, combiner, type);
  Value empty = tensor::EmptyOp::create(b, loc, shape, type);
  return linalg::FillOp::create(b, loc, identity, empty).getResult(0);
}

/// The partial reductions: loop 0 is the part, all others move up by one, and
/// the split loop runs within its part.
static Value buildParts(OpBuilder &b, const SplittableReduction &reduction) {
  linalg::LinalgOp op = reduction.op;
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned numLoops = op.getNumLoops();
  int64_t size = op.getStaticLoopRanges()[reduction.loop] / reduction.numParts;
  SmallVector<AffineExpr> dims;
  for (unsigned i = 0; i < numLoops; ++i)
    dims.push_back(b.getAffineDimExpr(i + 1));
  dims[reduction.loop] =
      b.getAffineDimExpr(0) * size + b.getAffineDimExpr(reduction.loop + 1);
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    inputs.push_back(input->get());
    maps.push_back(op.getMatchingIndexingMap(input).replaceDimsAndSymbols(
        dims, {}, numLoops + 1, 0));
  }
  // Gives the split loop its bound; never read.
  inputs.push_back(tensor::EmptyOp::create(b, loc, {size}, b.getI8Type()));
  maps.push_back(
      AffineMap::get(numLoops + 1, 0, b.getAffineDimExpr(reduction.loop + 1)));
  SmallVector<int64_t> shape{reduction.numParts};
  llvm::append_range(shape, type.getShape());
  auto elementType = cast<FloatType>(type.getElementType());
  Value init = buildIdentities(b, loc, reduction.combiner, shape, elementType);
  SmallVector<AffineExpr> results{b.getAffineDimExpr(0)};
  llvm::append_range(results,
                     op.getMatchingIndexingMap(op.getDpsInitOperand(0))
                         .replaceDimsAndSymbols(dims, {}, numLoops + 1, 0)
                         .getResults());
  maps.push_back(AffineMap::get(numLoops + 1, 0, results, b.getContext()));
  SmallVector<utils::IteratorType> iterators{utils::IteratorType::parallel};
  llvm::append_range(iterators, op.getIteratorTypesArray());
  auto parts = linalg::GenericOp::create(b, loc, init.getType(), inputs, init,
                                         maps, iterators);
  IRMapping mapping;
  op->getRegion(0).cloneInto(&parts.getRegion(), mapping);
  parts.getBody()->insertArgument(inputs.size() - 1, b.getI8Type(), loc);
  return parts.getResult(0);
}

/// Combines the parts, in order, with what the result started from.
static Value combineParts(OpBuilder &b, const SplittableReduction &reduction,
                          Value parts) {
  linalg::LinalgOp op = reduction.op;
  Value init = op.getDpsInitOperand(0)->get();
  int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
  AffineMap whole = b.getMultiDimIdentityMap(rank + 1);
  AffineMap rest = whole.dropResult(0);
  SmallVector<utils::IteratorType> iterators(rank + 1,
                                             utils::IteratorType::parallel);
  iterators[0] = utils::IteratorType::reduction;
  auto combined = linalg::GenericOp::create(
      b, op.getLoc(), TypeRange{init.getType()}, ValueRange{parts},
      ValueRange{init}, ArrayRef{whole, rest}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        OperationState state(loc, reduction.combiner->getName(),
                             {args[1], args[0]}, {args[1].getType()},
                             reduction.combiner->getAttrs());
        linalg::YieldOp::create(nested, loc,
                                nested.create(state)->getResults());
      });
  return combined.getResult(0);
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
    SmallVector<SplittableReduction> reductions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (auto reduction = match(op, multiprocessors))
        reductions.push_back(*reduction);
    });
    for (const SplittableReduction &reduction : reductions) {
      linalg::LinalgOp op = reduction.op;
      OpBuilder builder(op);
      Value parts = buildParts(builder, reduction);
      op->getResult(0).replaceAllUsesWith(
          combineParts(builder, reduction, parts));
      op->erase();
      ++numSplit;
    }
  }
};
} // namespace
