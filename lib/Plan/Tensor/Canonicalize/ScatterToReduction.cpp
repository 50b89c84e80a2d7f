// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of sliding windows as reductions over the taps that reach an
// element of the result.

#include "ScatterToGather.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Analysis/Payloads.h"

using namespace mlir;
using namespace mlir::pdq;

/// Phases up to which the rewritten form pays; each is a kernel.
static constexpr size_t maxPhases = 16;
/// How many times more terms may be summed, all others are zeros of the
/// padding.
static constexpr double maxWork = 4.0;

namespace {

/// Rewrites one scatter.
class ReductionGather {
public:
  ReductionGather(RewriterBase &rewriter, const Scatter &scatter)
      : rewriter(rewriter), scatter(scatter), op(scatter.op), loc(op.getLoc()) {
    for (const SlidingDim &dim : scatter.dims)
      phases.push_back(dim.isDirect() ? SmallVector<Phase>{{}}
                                      : getPhases(dim));
  }

  LogicalResult check() const;
  void run();

private:
  /// A phase of each sliding dimension; none for those that are direct.
  using Combination = SmallVector<Phase>;

  Value buildInit();
  Value pad(OpOperand *input);
  Value sliceTaps(OpOperand *input, const Combination &combination);
  AffineExpr getIndex(OpOperand *input, unsigned result,
                      const Combination &combination);
  AffineExpr getPosition(const SlidingDim &dim, const Phase &phase,
                         int64_t low);
  AffineMap getOutputMap();
  /// Elements that positions of any phase lie in front of the input, and behind
  /// it.
  std::pair<int64_t, int64_t> getMargins(unsigned dim) const;
  Value buildPhase(const Combination &combination, Value init);
  void rewriteIndices(linalg::GenericOp generic,
                      const Combination &combination);

  RewriterBase &rewriter;
  const Scatter &scatter;
  linalg::GenericOp op;
  Location loc;
  SmallVector<SmallVector<Phase>> phases;
  /// The inputs, padded where positions leave them.
  SmallVector<Value> padded;
};

} // namespace

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

LogicalResult ReductionGather::check() const {
  size_t numPhases = 1;
  for (const SmallVector<Phase> &list : phases)
    numPhases *= list.size();
  if (numPhases > maxPhases)
    return rewriter.notifyMatchFailure(op, "too many phases");
  if (scatter.getRelativeWork() > maxWork)
    return rewriter.notifyMatchFailure(op, "most terms would be padding");
  return success();
}

std::pair<int64_t, int64_t> ReductionGather::getMargins(unsigned dim) const {
  int64_t low = 0, high = 0;
  const SlidingDim &sliding = scatter.dims[dim];
  if (!sliding.isDirect())
    for (const Phase &phase : phases[dim]) {
      low =
          std::max(low, phase.positionStep * (phase.numTaps - 1) - phase.shift);
      high = std::max(high, phase.size + phase.shift - sliding.numPositions);
    }
  return {low, high};
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// What the result starts from.
Value ReductionGather::buildInit() {
  Value init = op.getDpsInits()[0];
  tensor::ExtractSliceOp window = scatter.window;
  if (!window)
    return init;
  if (auto fill = init.getDefiningOp<linalg::FillOp>()) {
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, window.getType().getShape(),
                                window.getType().getElementType());
    return linalg::FillOp::create(rewriter, loc, fill.getInputs(), empty)
        .getResult(0);
  }
  return tensor::ExtractSliceOp::create(
      rewriter, loc, init, window.getMixedOffsets(), window.getMixedSizes(),
      window.getMixedStrides());
}

Value ReductionGather::pad(OpOperand *input) {
  auto type = dyn_cast<RankedTensorType>(input->get().getType());
  if (!type)
    return input->get();
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> low(type.getRank(), rewriter.getIndexAttr(0));
  SmallVector<OpFoldResult> high(low);
  bool grows = false;
  for (unsigned result = 0; result < shape.size(); ++result) {
    auto [index, dim] = scatter.classify(input, result);
    if (index != ScatterIndex::Position)
      continue;
    auto [front, back] = getMargins(dim);
    low[result] = rewriter.getIndexAttr(front);
    high[result] = rewriter.getIndexAttr(back);
    shape[result] += front + back;
    grows |= front + back > 0;
  }
  if (!grows)
    return input->get();
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
  return tensor::PadOp::create(
      rewriter, loc, RankedTensorType::get(shape, type.getElementType()),
      input->get(), low, high, zero);
}

/// The taps of a phase.
Value ReductionGather::sliceTaps(OpOperand *input,
                                 const Combination &combination) {
  Value value = padded[input->getOperandNumber()];
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return value;
  StaticSlice taps = StaticSlice::getWhole(type.getShape());
  for (unsigned result = 0; result < taps.sizes.size(); ++result) {
    auto [index, dim] = scatter.classify(input, result);
    if (index != ScatterIndex::Tap || scatter.dims[dim].isDirect())
      continue;
    const Phase &phase = combination[dim];
    taps.offsets[result] = phase.firstTap;
    taps.sizes[result] = phase.numTaps;
    // One tap has no step; a step beyond it would hide that.
    taps.strides[result] = phase.numTaps == 1 ? 1 : phase.tapStep;
  }
  if (type.getShape() == ArrayRef(taps.sizes))
    return value;
  return taps.extractFrom(rewriter, loc, value);
}

/// The position, `low` elements further, in terms of the new loops.
AffineExpr ReductionGather::getPosition(const SlidingDim &dim,
                                        const Phase &phase, int64_t low) {
  AffineExpr element = rewriter.getAffineDimExpr(dim.position);
  AffineExpr tap = rewriter.getAffineDimExpr(dim.tap);
  return element - tap * phase.positionStep + (phase.shift + low);
}

AffineExpr ReductionGather::getIndex(OpOperand *input, unsigned result,
                                     const Combination &combination) {
  AffineExpr old = op.getMatchingIndexingMap(input).getResult(result);
  auto [index, number] = scatter.classify(input, result);
  if (index == ScatterIndex::Other || index == ScatterIndex::Tap ||
      scatter.dims[number].isDirect())
    return old;
  const SlidingDim &dim = scatter.dims[number];
  const Phase &phase = combination[number];
  if (index == ScatterIndex::Position)
    return getPosition(dim, phase, getMargins(number).first);
  tensor::ExtractSliceOp window = scatter.window;
  int64_t start = window ? window.getStaticOffset(dim.result) : 0;
  return rewriter.getAffineDimExpr(dim.position) * dim.stride +
         (phase.residue + start);
}

/// The loop over elements takes the place of the loop over positions; where
/// there is one position only, every tap is an element.
AffineMap ReductionGather::getOutputMap() {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<AffineExpr> results(map.getResults());
  for (const SlidingDim &dim : scatter.dims)
    results[dim.result] =
        rewriter.getAffineDimExpr(dim.isDirect() ? dim.tap : dim.position);
  return AffineMap::get(map.getNumDims(), 0, results, rewriter.getContext());
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// `linalg.index` of a loop that changed its meaning.
void ReductionGather::rewriteIndices(linalg::GenericOp generic,
                                     const Combination &combination) {
  OpBuilder::InsertionGuard guard(rewriter);
  auto buildLinear = [&](Value value, int64_t factor, int64_t offset) {
    Value scale = arith::ConstantIndexOp::create(rewriter, loc, factor);
    Value shift = arith::ConstantIndexOp::create(rewriter, loc, offset);
    Value product = arith::MulIOp::create(rewriter, loc, value, scale);
    return arith::AddIOp::create(rewriter, loc, product, shift).getResult();
  };
  for (auto index :
       llvm::to_vector(generic.getBody()->getOps<linalg::IndexOp>()))
    for (auto [dim, phase] : llvm::zip_equal(scatter.dims, combination)) {
      bool isTap = index.getDim() == dim.tap;
      if (dim.isDirect() || (!isTap && index.getDim() != dim.position))
        continue;
      rewriter.setInsertionPointAfter(index);
      Value tap = linalg::IndexOp::create(rewriter, loc, dim.tap);
      Value old;
      if (isTap) {
        old = buildLinear(tap, phase.tapStep, phase.firstTap);
      } else {
        Value element = linalg::IndexOp::create(rewriter, loc, dim.position);
        old = arith::AddIOp::create(
            rewriter, loc, element,
            buildLinear(tap, -phase.positionStep, phase.shift));
      }
      rewriter.replaceOp(index, old);
      break;
    }
}

/// Sums over the taps of one phase, on top of `init`.
Value ReductionGather::buildPhase(const Combination &combination, Value init) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    inputs.push_back(sliceTaps(input, combination));
    AffineMap map = op.getMatchingIndexingMap(input);
    SmallVector<AffineExpr> results;
    for (unsigned result = 0; result < map.getNumResults(); ++result)
      results.push_back(getIndex(input, result, combination));
    maps.push_back(
        AffineMap::get(map.getNumDims(), 0, results, rewriter.getContext()));
  }
  maps.push_back(getOutputMap());
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (const SlidingDim &dim : scatter.dims)
    iterators[dim.isDirect() ? dim.tap : dim.position] =
        utils::IteratorType::parallel;
  auto generic = linalg::GenericOp::create(
      rewriter, loc, TypeRange{init.getType()}, inputs, init, maps, iterators);
  IRMapping mapping;
  op.getRegion().cloneInto(&generic.getRegion(), mapping);
  rewriteIndices(generic, combination);
  return generic.getResult(0);
}

void ReductionGather::run() {
  rewriter.setInsertionPoint(op);
  Value result = buildInit();
  for (OpOperand *input : op.getDpsInputOperands())
    padded.push_back(pad(input));
  auto type = cast<RankedTensorType>(result.getType());
  for (const Combination &combination : listCombinations<Phase>(phases)) {
    StaticSlice elements = StaticSlice::getWhole(type.getShape());
    for (auto [dim, phase] : llvm::zip_equal(scatter.dims, combination)) {
      if (dim.isDirect())
        continue;
      elements.offsets[dim.result] = phase.residue;
      elements.sizes[dim.result] = phase.size;
      elements.strides[dim.result] = dim.stride;
    }
    if (type.getShape() == ArrayRef(elements.sizes)) {
      result = buildPhase(combination, result);
      continue;
    }
    Value part = elements.extractFrom(rewriter, loc, result);
    result = elements.insertInto(rewriter, loc, buildPhase(combination, part),
                                 result);
  }
  scatter.replaceWith(rewriter, result);
}

LogicalResult mlir::pdq::scatterToReduction(RewriterBase &rewriter,
                                            const Scatter &scatter) {
  ReductionGather gather(rewriter, scatter);
  if (failed(gather.check()))
    return failure();
  gather.run();
  return success();
}
