// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of pooling as elementwise operations that load what reaches an
// element: whatever is done with the elements next can be done in the same
// launch.

#include "ScatterToGather.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Analysis/Payloads.h"

using namespace mlir;
using namespace mlir::pdq;

/// Windows over one element up to which their terms are spelled out.
static constexpr int64_t maxTerms = 16;

namespace {
/// A window over an element: the loops of the scatter there, and whether there
/// is such a window; null stands for always.
struct Window {
  SmallVector<Value> loops;
  Value exists;
};

/// Rewrites one scatter.
class ElementwiseGather {
public:
  ElementwiseGather(RewriterBase &rewriter, const Scatter &scatter)
      : rewriter(rewriter), scatter(scatter), op(scatter.op), loc(op.getLoc()) {
  }

  LogicalResult check();
  void run();

private:
  int64_t countWindows(const SlidingDim &dim) const;
  bool coversLoops();
  bool canIndexInputs();
  Value buildIndex(OpBuilder &b, int64_t value);
  void requireBelow(OpBuilder &b, Window &window, Value &index, int64_t largest,
                    int64_t end);
  void locate(OpBuilder &b, Window &window, const SlidingDim &dim,
              int64_t number);
  Value loadInput(OpBuilder &b, OpOperand *input, const Window &window);
  Value addTerm(OpBuilder &b, const Window &window, Value sum);
  Value buildSum(OpBuilder &b);

  RewriterBase &rewriter;
  const Scatter &scatter;
  linalg::GenericOp op;
  Location loc;
};
} // namespace

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// Windows over an element in one dimension.
int64_t ElementwiseGather::countWindows(const SlidingDim &dim) const {
  return dim.isDirect() ? 1 : llvm::divideCeil(dim.numTaps, dim.stride);
}

/// Whether every loop is known where an element and a window over it are.
bool ElementwiseGather::coversLoops() {
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return llvm::all_of(llvm::seq(op.getNumLoops()), [&](unsigned loop) {
    return output.isFunctionOfDim(loop);
  });
}

/// Whether every index of every input that is read is one loop or the element.
bool ElementwiseGather::canIndexInputs() {
  return llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    if (!op.payloadUsesValueFromOperand(input))
      return true;
    AffineMap map = op.getMatchingIndexingMap(input);
    return llvm::all_of(llvm::seq(map.getNumResults()), [&](unsigned result) {
      return isa<AffineDimExpr>(map.getResult(result)) ||
             scatter.classify(input, result).first == ScatterIndex::Element;
    });
  });
}

LogicalResult ElementwiseGather::check() {
  auto fails = [&](StringRef reason) {
    return rewriter.notifyMatchFailure(op, reason);
  };
  int64_t numTerms = 1;
  for (const SlidingDim &dim : scatter.dims) {
    if (!dim.isDirect() && dim.dilation != 1)
      return fails("windows have holes");
    if (!dim.isDirect() && dim.offset > 0)
      return fails("elements in front of all windows");
    numTerms *= countWindows(dim);
  }
  if (numTerms > maxTerms)
    return fails("too many windows over an element");
  if (isContraction(op))
    return fails("contractions stay contractions");
  if (!op.getDpsInits()[0].getDefiningOp<linalg::FillOp>())
    return fails("starts from other than a constant");
  if (!coversLoops() || !canIndexInputs())
    return fails("a window over an element does not say what is read");
  return success();
}

//===----------------------------------------------------------------------===//
// Payload
//===----------------------------------------------------------------------===//

Value ElementwiseGather::buildIndex(OpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// Notes that there is a window only where `index`, `largest` at most, is less
/// than `end`, and makes it something that can be loaded at elsewhere.
void ElementwiseGather::requireBelow(OpBuilder &b, Window &window, Value &index,
                                     int64_t largest, int64_t end) {
  if (largest < end)
    return;
  Value isBelow = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                        index, buildIndex(b, end));
  index = arith::SelectOp::create(b, loc, isBelow, index, buildIndex(b, 0));
  window.exists =
      window.exists
          ? arith::AndIOp::create(b, loc, window.exists, isBelow).getResult()
          : isBelow;
}

/// The position and the tap of the `number`-th window over an element in one
/// dimension, counted from the last one.
void ElementwiseGather::locate(OpBuilder &b, Window &window,
                               const SlidingDim &dim, int64_t number) {
  Value element = linalg::IndexOp::create(b, loc, dim.result);
  Value &position = window.loops[dim.position], &tap = window.loops[dim.tap];
  if (dim.isDirect()) {
    position = buildIndex(b, 0);
    tap = element;
    return;
  }
  Value distance =
      arith::AddIOp::create(b, loc, element, buildIndex(b, -dim.offset));
  Value stride = buildIndex(b, dim.stride);
  Value last = arith::DivUIOp::create(b, loc, distance, stride);
  tap = arith::AddIOp::create(b, loc,
                              arith::RemUIOp::create(b, loc, distance, stride),
                              buildIndex(b, number * dim.stride));
  requireBelow(b, window, tap, dim.stride - 1 + number * dim.stride,
               dim.numTaps);
  // What would lie in front of the first position is a large unsigned number.
  position = arith::SubIOp::create(b, loc, last, buildIndex(b, number));
  int64_t largest = (dim.size - 1 - dim.offset) / dim.stride - number;
  bool isInFront = -dim.offset / dim.stride < number;
  requireBelow(b, window, position, isInFront ? INT64_MAX : largest,
               dim.numPositions);
}

/// The element of an input that the payload reads for a window.
Value ElementwiseGather::loadInput(OpBuilder &b, OpOperand *input,
                                   const Window &window) {
  if (!isa<RankedTensorType>(input->get().getType()))
    return input->get();
  AffineMap map = op.getMatchingIndexingMap(input);
  SmallVector<Value> indices;
  for (auto [result, expr] : llvm::enumerate(map.getResults())) {
    if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
      indices.push_back(window.loops[loop.getPosition()]);
      continue;
    }
    unsigned number = scatter.classify(input, result).second;
    unsigned dim = scatter.dims[number].result;
    tensor::ExtractSliceOp slice = scatter.window;
    Value element = linalg::IndexOp::create(b, loc, dim);
    indices.push_back(arith::AddIOp::create(
        b, loc, element,
        buildIndex(b, slice ? slice.getStaticOffset(dim) : 0)));
  }
  return tensor::ExtractOp::create(b, loc, input->get(), indices);
}

/// `sum` and the term of one window.
Value ElementwiseGather::addTerm(OpBuilder &b, const Window &window,
                                 Value sum) {
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands())
    if (op.payloadUsesValueFromOperand(input))
      mapping.map(op.getMatchingBlockArgument(input),
                  loadInput(b, input, window));
  mapping.map(op.getMatchingBlockArgument(op.getDpsInitOperand(0)), sum);
  Value larger = clonePayload(b, op, mapping, window.loops);
  return window.exists
             ? arith::SelectOp::create(b, loc, window.exists, larger, sum)
                   .getResult()
             : larger;
}

/// What an element starts from and the terms of all windows over it, those with
/// the smallest positions first.
Value ElementwiseGather::buildSum(OpBuilder &b) {
  Window element{SmallVector<Value>(op.getNumLoops()), {}};
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [result, expr] : llvm::enumerate(output.getResults()))
    if (auto loop = dyn_cast<AffineDimExpr>(expr))
      element.loops[loop.getPosition()] =
          linalg::IndexOp::create(b, loc, result);
  SmallVector<Window> windows{element};
  for (const SlidingDim &dim : scatter.dims) {
    SmallVector<Window> more;
    for (const Window &window : windows)
      for (int64_t number = countWindows(dim); number-- > 0;) {
        more.push_back(window);
        locate(b, more.back(), dim, number);
      }
    windows = std::move(more);
  }
  Value sum =
      op.getDpsInits()[0].getDefiningOp<linalg::FillOp>().getInputs()[0];
  for (const Window &window : windows)
    sum = addTerm(b, window, sum);
  return sum;
}

void ElementwiseGather::run() {
  tensor::ExtractSliceOp window = scatter.window;
  rewriter.setInsertionPoint(op);
  auto type = cast<RankedTensorType>(window ? window.getType()
                                            : op.getResult(0).getType());
  Value result = buildElementwise(
      rewriter, loc, type, ValueRange(), {},
      [&](OpBuilder &b, Location, ValueRange) { return buildSum(b); });
  scatter.replaceWith(rewriter, result);
}

LogicalResult mlir::pdq::scatterToElementwise(RewriterBase &rewriter,
                                              const Scatter &scatter) {
  ElementwiseGather gather(rewriter, scatter);
  if (failed(gather.check()))
    return failure();
  gather.run();
  return success();
}
