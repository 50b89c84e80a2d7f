// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pooling and its argmax as one elementwise operation, which
// loads its windows' elements once and computes them where they are loaded.

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Plan/Analysis/Payloads.h"
#include "pdq/Plan/Analysis/Poolings.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_FUSEPOOLINGARGMAX
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Puts one elementwise operation in the place of a pooling.
class WindowUnroller {
public:
  WindowUnroller(IRRewriter &rewriter, Pooling &pooling)
      : rewriter(rewriter), pooling(pooling), first(pooling.ops.front()),
        loc(first.getLoc()) {}
  void run();

private:
  SmallVector<OpOperand *> getScalars();
  SmallVector<SmallVector<Value>> listIterations(OpBuilder &b);
  Value loadImage(OpBuilder &b, ArrayRef<Value> loops);
  Value loadInput(OpBuilder &b, OpOperand *input, ArrayRef<Value> loops);
  Value computeImage(OpBuilder &b, ArrayRef<Value> indices);
  Value reduce(OpBuilder &b, linalg::GenericOp op,
               ArrayRef<SmallVector<Value>> iterations,
               ArrayRef<Value> elements, Value firstResult);
  SmallVector<Value> buildResults(OpBuilder &b, ValueRange args);

  IRRewriter &rewriter;
  Pooling &pooling;
  linalg::GenericOp first;
  Location loc;
  /// The arguments of single numbers that the image is computed with.
  IRMapping scalars;
};
} // namespace

static Value buildIndex(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// Whether an operand is one number for all elements.
static bool isScalar(Value operand) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  return type && type.getRank() == 0;
}

/// The loops of the operations in each iteration of a window: those of its
/// element are indices, those in the window constants.
SmallVector<SmallVector<Value>> WindowUnroller::listIterations(OpBuilder &b) {
  SmallVector<SmallVector<Value>> choices;
  unsigned parallel = 0;
  for (auto [range, iterator] : llvm::zip_equal(
           first.getStaticLoopRanges(), first.getIteratorTypesArray())) {
    SmallVector<Value> &loop = choices.emplace_back();
    if (iterator == utils::IteratorType::parallel)
      loop.push_back(linalg::IndexOp::create(b, loc, parallel++));
    else
      for (int64_t number = 0; number < range; ++number)
        loop.push_back(buildIndex(b, loc, number));
  }
  return listCombinations<Value>(choices);
}

/// What the producer of the image reads in the iteration at `loops`.
Value WindowUnroller::loadInput(OpBuilder &b, OpOperand *input,
                                ArrayRef<Value> loops) {
  Value value = input->get();
  if (!isa<RankedTensorType>(value.getType()))
    return value;
  linalg::GenericOp producer = pooling.producer;
  SmallVector<Value> indices;
  for (AffineExpr expr : producer.getMatchingIndexingMap(input).getResults()) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(loop ? loops[loop.getPosition()] : buildIndex(b, loc, 0));
  }
  return tensor::ExtractOp::create(b, loc, value, indices);
}

/// The element of the image at `indices`, which are inside.
Value WindowUnroller::computeImage(OpBuilder &b, ArrayRef<Value> indices) {
  linalg::GenericOp producer = pooling.producer;
  if (!producer) {
    Value image = pooling.image->get();
    tensor::PadOp pad = pooling.pad;
    return tensor::ExtractOp::create(b, loc, pad ? pad.getSource() : image,
                                     indices);
  }
  // The loops of the producer there.
  SmallVector<Value> loops(indices.size());
  for (auto [result, expr] :
       llvm::enumerate(getOutputMap(producer).getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = indices[result];
  IRMapping mapping(scalars);
  for (OpOperand *input : producer.getDpsInputOperands())
    if (!isScalar(input->get()) && producer.payloadUsesValueFromOperand(input))
      mapping.map(producer.getMatchingBlockArgument(input),
                  loadInput(b, input, loops));
  return clonePayload(b, producer, mapping, loops);
}

/// The element of the image in one iteration, or of its padding.
Value WindowUnroller::loadImage(OpBuilder &b, ArrayRef<Value> loops) {
  AffineMap map = first.getMatchingIndexingMap(pooling.image);
  tensor::PadOp pad = pooling.pad;
  SmallVector<Value> indices;
  Value isInside;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    Value index = affine::expandAffineExpr(b, loc, expr, loops, {});
    indices.push_back(index);
    if (!pad || pad.getSourceType().getShape()[dim] ==
                    pad.getResultType().getShape()[dim])
      continue;
    // What lies in front of the image is a large unsigned number.
    index = arith::SubIOp::create(b, loc, index,
                                  buildIndex(b, loc, pad.getStaticLow()[dim]));
    Value isBelow = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ult, index,
        buildIndex(b, loc, pad.getSourceType().getShape()[dim]));
    indices.back() =
        arith::SelectOp::create(b, loc, isBelow, index, buildIndex(b, loc, 0));
    isInside =
        isInside ? arith::AndIOp::create(b, loc, isInside, isBelow).getResult()
                 : isBelow;
  }
  Value element = computeImage(b, indices);
  if (!isInside)
    return element;
  Value padding = b.clone(*getPadding(pad))->getResult(0);
  return arith::SelectOp::create(b, loc, isInside, element, padding);
}

/// The result of `op` for one window.
Value WindowUnroller::reduce(OpBuilder &b, linalg::GenericOp op,
                             ArrayRef<SmallVector<Value>> iterations,
                             ArrayRef<Value> elements, Value firstResult) {
  Value result = b.clone(*getStart(op))->getResult(0);
  OpOperand *image = findImage(op, first.getResult(0));
  for (auto [loops, element] : llvm::zip_equal(iterations, elements)) {
    IRMapping mapping;
    for (OpOperand *input : op.getDpsInputOperands())
      if (input->get() == first.getResult(0))
        mapping.map(op.getMatchingBlockArgument(input), firstResult);
    mapping.map(op.getMatchingBlockArgument(image), element);
    mapping.map(op.getMatchingBlockArgument(op.getDpsInitOperand(0)), result);
    result = clonePayload(b, op, mapping, loops);
  }
  return result;
}

/// The results for one element, of which `args` are the single numbers.
SmallVector<Value> WindowUnroller::buildResults(OpBuilder &b, ValueRange args) {
  for (auto [input, argument] : llvm::zip(getScalars(), args))
    scalars.map(pooling.producer.getMatchingBlockArgument(input), argument);
  SmallVector<SmallVector<Value>> iterations = listIterations(b);
  SmallVector<Value> elements, results;
  for (const SmallVector<Value> &loops : iterations)
    elements.push_back(loadImage(b, loops));
  for (linalg::GenericOp op : pooling.ops)
    results.push_back(reduce(b, op, iterations, elements,
                             results.empty() ? Value() : results[0]));
  return results;
}

/// The operands of the producer that are one number for all elements.
SmallVector<OpOperand *> WindowUnroller::getScalars() {
  SmallVector<OpOperand *> operands;
  if (pooling.producer)
    for (OpOperand *input : pooling.producer.getDpsInputOperands())
      if (isScalar(input->get()))
        operands.push_back(input);
  return operands;
}

void WindowUnroller::run() {
  rewriter.setInsertionPoint(first);
  SmallVector<Value> inputs, inits;
  for (OpOperand *input : getScalars())
    inputs.push_back(input->get());
  for (linalg::GenericOp op : pooling.ops) {
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    inits.push_back(tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                            type.getElementType()));
  }
  // The loops that are left keep their order.
  AffineMap output = compressUnusedDims(getOutputMap(first));
  unsigned numLoops = output.getNumDims();
  SmallVector<AffineMap> maps(
      inputs.size(), AffineMap::get(numLoops, 0, rewriter.getContext()));
  maps.append(inits.size(), output);
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      rewriter, loc, TypeRange(ValueRange(inits)), inputs, inits, maps,
      iterators, [&](OpBuilder &b, Location at, ValueRange args) {
        linalg::YieldOp::create(b, at, buildResults(b, args));
      });
  for (auto [op, result] : llvm::zip_equal(pooling.ops, generic.getResults()))
    rewriter.replaceAllUsesWith(op->getResult(0), result);
  for (linalg::GenericOp op : llvm::reverse(pooling.ops))
    rewriter.eraseOp(op);
}

namespace {
struct FusePoolingArgmax
    : mlir::pdq::impl::FusePoolingArgmaxBase<FusePoolingArgmax> {
  void runOnOperation() override {
    if (getOperation().isDeclaration() ||
        !getOperation().getBody().hasOneBlock())
      return;
    IRRewriter rewriter(&getContext());
    Block &block = getOperation().getBody().front();
    // Backwards: what a pooling is read by has been rewritten, or stays.
    for (Operation *op = &block.back(); op;) {
      Operation *before = op->getPrevNode();
      auto generic = dyn_cast<linalg::GenericOp>(op);
      std::optional<Pooling> pooling =
          generic ? matchPooling(generic) : std::nullopt;
      if (pooling) {
        WindowUnroller(rewriter, *pooling).run();
        ++numUnrolled;
      } else if (isOpTriviallyDead(op)) {
        rewriter.eraseOp(op);
      }
      op = before;
    }
  }
};
} // namespace
