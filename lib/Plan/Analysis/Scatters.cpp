// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizes sums over sliding windows by their maps and payload.

#include "pdq/Plan/Analysis/Scatters.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include <numeric>

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// The coefficients of the loops, then the constant; empty where `expr` is not
/// linear.
static SmallVector<int64_t> getCoefficients(AffineExpr expr, unsigned numDims) {
  SmallVector<int64_t> flat;
  if (failed(getFlattenedAffineExpr(expr, numDims, 0, &flat)) ||
      flat.size() != numDims + 1)
    return {};
  return flat;
}

/// Whether `expr` is one loop.
static bool isLoop(AffineExpr expr, unsigned loop) {
  return expr == getAffineDimExpr(loop, expr.getContext());
}

static bool hasResult(AffineMap map, unsigned loop) {
  return map.getResultPosition(getAffineDimExpr(loop, map.getContext()))
      .has_value();
}

std::pair<ScatterIndex, unsigned> Scatter::classify(OpOperand *input,
                                                    unsigned result) const {
  linalg::GenericOp generic = op;
  AffineExpr expr = generic.getMatchingIndexingMap(input).getResult(result);
  AffineMap output =
      generic.getMatchingIndexingMap(generic.getDpsInitOperand(0));
  for (auto [index, dim] : llvm::enumerate(dims)) {
    if (isLoop(expr, dim.position))
      return {ScatterIndex::Position, index};
    if (isLoop(expr, dim.tap))
      return {ScatterIndex::Tap, index};
    if (expr == output.getResult(dim.result))
      return {ScatterIndex::Element, index};
  }
  return {ScatterIndex::Other, 0};
}

/// The sliding dimension of a compound index; which of its loops are positions
/// is what the seed's map says.
static std::optional<SlidingDim> matchDim(linalg::GenericOp op, unsigned result,
                                          AffineMap seed) {
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  unsigned numLoops = op.getNumLoops();
  SmallVector<int64_t> flat =
      getCoefficients(output.getResult(result), numLoops);
  SmallVector<unsigned> loops;
  for (unsigned loop = 0; !flat.empty() && loop < numLoops; ++loop)
    if (flat[loop] != 0)
      loops.push_back(loop);
  if (loops.size() != 2 || flat[loops[0]] < 0 || flat[loops[1]] < 0)
    return std::nullopt;
  if (!hasResult(seed, loops[0]))
    std::swap(loops[0], loops[1]);
  auto [position, tap] = std::pair(loops[0], loops[1]);
  if (!hasResult(seed, position) || seed.isFunctionOfDim(tap))
    return std::nullopt;
  for (auto [other, expr] : llvm::enumerate(output.getResults()))
    if (other != result &&
        (expr.isFunctionOfDim(position) || expr.isFunctionOfDim(tap)))
      return std::nullopt;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  return SlidingDim{result,           position,    tap,
                    ranges[position], ranges[tap], flat[position],
                    flat[tap],        flat.back(), type.getDimSize(result)};
}

//===----------------------------------------------------------------------===//
// Payload
//===----------------------------------------------------------------------===//

/// Whether `value` is zero wherever `seed` is, whatever other inputs hold
/// there.
static bool vanishesWith(Value value, BlockArgument seed) {
  if (value == seed || matchPattern(value, m_AnyZeroFloat()))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != seed.getOwner())
    return false;
  auto vanishes = [&](Value operand) { return vanishesWith(operand, seed); };
  if (isa<arith::MulFOp>(op))
    return llvm::any_of(op->getOperands(), vanishes);
  if (isa<arith::AddFOp, arith::SubFOp, arith::NegFOp, arith::ExtFOp,
          arith::TruncFOp>(op))
    return llvm::all_of(op->getOperands(), vanishes);
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return vanishes(select.getTrueValue()) && vanishes(select.getFalseValue());
  // The denominator must not be a padded input, which is zero there.
  if (auto division = dyn_cast<arith::DivFOp>(op))
    return vanishes(division.getLhs()) &&
           division.getRhs().getParentBlock() != seed.getOwner();
  return false;
}

//===----------------------------------------------------------------------===//
// Match
//===----------------------------------------------------------------------===//

/// The only user of `op` that reads a part of it, if that is all of the
/// dimensions that do not slide.
static tensor::ExtractSliceOp findWindow(linalg::GenericOp op) {
  if (!op->hasOneUse())
    return {};
  auto slice = dyn_cast<tensor::ExtractSliceOp>(*op->user_begin());
  if (!slice || slice.getType().getRank() != slice.getSourceType().getRank() ||
      !slice.hasUnitStride() || !slice.getType().hasStaticShape() ||
      llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic))
    return {};
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [dim, expr] : llvm::enumerate(map.getResults()))
    if (isa<AffineDimExpr>(expr) && slice.getType().getDimSize(dim) !=
                                        slice.getSourceType().getDimSize(dim))
      return {};
  return slice;
}

/// The scatter of `op` from `seed`, not yet checked for its inputs.
static std::optional<Scatter> matchDims(linalg::GenericOp op, OpOperand *seed) {
  Scatter scatter{op, findWindow(op), {}};
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [result, expr] : llvm::enumerate(map.getResults())) {
    if (isa<AffineDimExpr>(expr))
      continue;
    auto dim = matchDim(op, result, op.getMatchingIndexingMap(seed));
    if (!dim)
      return std::nullopt;
    if (scatter.window) {
      dim->offset -= scatter.window.getStaticOffset(result);
      dim->size = scatter.window.getStaticSize(result);
    }
    scatter.dims.push_back(*dim);
  }
  return scatter;
}

/// Whether every index of every input can be said by phases.
static bool canIndexInputs(const Scatter &scatter) {
  linalg::GenericOp op = scatter.op;
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    for (auto [result, expr] : llvm::enumerate(map.getResults())) {
      auto [index, number] = scatter.classify(input, result);
      if (index == ScatterIndex::Element) {
        auto inputType = cast<RankedTensorType>(input->get().getType());
        if (scatter.dims[number].isDirect() ||
            inputType.getDimSize(result) !=
                type.getDimSize(scatter.dims[number].result))
          return false;
      }
      if (index == ScatterIndex::Other)
        for (const SlidingDim &dim : scatter.dims)
          if (expr.isFunctionOfDim(dim.position) ||
              expr.isFunctionOfDim(dim.tap))
            return false;
    }
  }
  return true;
}

std::optional<Scatter> mlir::pdq::matchScatter(linalg::GenericOp op) {
  if (op->getNumResults() != 1 || !op.hasPureTensorSemantics() ||
      llvm::any_of(op.getStaticLoopRanges(), ShapedType::isDynamic))
    return std::nullopt;
  Value term = getTerm(op);
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!term || map.isProjectedPermutation())
    return std::nullopt;
  // A product vanishes with both factors: what slides over what is a choice.
  std::optional<Scatter> best;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!vanishesWith(term, op.getMatchingBlockArgument(input)))
      continue;
    std::optional<Scatter> scatter = matchDims(op, input);
    if (scatter && canIndexInputs(*scatter) &&
        (!best || scatter->getRelativeWork() < best->getRelativeWork()))
      best = scatter;
  }
  return best;
}

double Scatter::getRelativeWork() const {
  double work = 1;
  for (const SlidingDim &dim : dims) {
    if (dim.isDirect())
      continue;
    double terms = 0;
    for (const Phase &phase : getPhases(dim))
      terms += static_cast<double>(phase.size) * phase.numTaps;
    work *= terms / (static_cast<double>(dim.numPositions) * dim.numTaps);
  }
  return work;
}

void Scatter::replaceWith(RewriterBase &rewriter, Value result) const {
  linalg::GenericOp old = op;
  if (window)
    rewriter.replaceOp(window, result);
  else
    rewriter.replaceAllUsesWith(old.getResult(0), result);
  rewriter.eraseOp(old);
}

SmallVector<Phase> mlir::pdq::getPhases(const SlidingDim &dim) {
  int64_t common = std::gcd(dim.stride, dim.dilation);
  int64_t tapStep = dim.stride / common;
  SmallVector<Phase> phases;
  for (int64_t residue = 0; residue < std::min(dim.stride, dim.size); ++residue)
    for (int64_t tap = 0; tap < std::min(tapStep, dim.numTaps); ++tap) {
      int64_t distance = residue - dim.offset - dim.dilation * tap;
      if (distance % dim.stride != 0)
        continue;
      phases.push_back({residue,
                        (dim.size - residue + dim.stride - 1) / dim.stride, tap,
                        tapStep, (dim.numTaps - tap + tapStep - 1) / tapStep,
                        distance / dim.stride, dim.dilation / common});
    }
  return phases;
}
