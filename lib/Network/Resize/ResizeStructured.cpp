// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How dynamic sizes go through structured operations: the ranges of the loops
// follow from the operands on the data path, all other sizes from the ranges.

#include "BlockResizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::pdq;

/// What is read at computed positions may be anywhere in what is dynamic.
LogicalResult BlockResizer::checkPayload(linalg::LinalgOp op) {
  WalkResult result = op->walk([&](Operation *inner) {
    bool readsData = inner != op.getOperation() &&
                     llvm::any_of(inner->getOperands(),
                                  [&](Value v) { return isTracked(v); });
    return readsData || isa<tensor::ExtractOp>(inner) ? WalkResult::interrupt()
                                                      : WalkResult::advance();
  });
  return result.wasInterrupted()
             ? refuse(op, "reads at positions that were computed from sizes")
             : success();
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// Ranges of loops that are a whole dimension: of what is dynamic, and then of
/// other inputs.
void BlockResizer::addWholeRanges(linalg::LinalgOp op, Sizes &ranges) {
  auto add = [&](OpOperand &operand, bool isDynamic) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      return;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [expr, size] :
         llvm::zip_equal(map.getResults(), getSizes(operand.get()))) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (loop && !ranges[loop.getPosition()] &&
          isa<AffineConstantExpr>(size) != isDynamic)
        ranges[loop.getPosition()] = size;
    }
  };
  for (OpOperand &operand : op->getOpOperands())
    add(operand, /*isDynamic=*/true);
  for (OpOperand *operand : op.getDpsInputOperands())
    add(*operand, /*isDynamic=*/false);
}

FailureOr<std::pair<unsigned, AffineExpr>>
BlockResizer::solveRange(AffineExpr expr, AffineExpr size,
                         ArrayRef<AffineExpr> ranges) {
  // The last position is the sum of those of the loops.
  SmallVector<AffineExpr> last;
  std::optional<unsigned> open;
  for (auto [loop, range] : llvm::enumerate(ranges)) {
    last.push_back(range ? range - 1 : constant(0));
    if (range || !expr.isFunctionOfDim(loop))
      continue;
    if (open)
      return failure();
    open = loop;
  }
  if (!open)
    return failure();
  AffineExpr others = expr.replaceDims(last);
  last[*open] = constant(1);
  AffineExpr step =
      simplifyAffineExpr(expr.replaceDims(last) - others, 0, oldSizes.size());
  auto known = dyn_cast<AffineConstantExpr>(step);
  if (!known || known.getValue() < 1)
    return failure();
  AffineExpr range = (size - 1 - others).floorDiv(known.getValue()) + 1;
  return std::make_pair(*open, simplifyAffineExpr(range, 0, oldSizes.size()));
}

/// Ranges of loops that go over what a window leaves: the window and the stride
/// are known, and the last window is the last that fits.
LogicalResult BlockResizer::addWindowRanges(linalg::LinalgOp op,
                                            Sizes &ranges) {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    if (!isTracked(operand->get()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(operand);
    for (auto [expr, size] :
         llvm::zip_equal(map.getResults(), getSizes(operand->get()))) {
      if (isa<AffineDimExpr>(expr) || isa<AffineConstantExpr>(size))
        continue;
      auto solved = solveRange(expr, size, ranges);
      if (failed(solved))
        return refuse(op, "reads a dynamic size in a way that cannot be "
                          "followed");
      ranges[solved->first] = solved->second;
    }
  }
  return success();
}

FailureOr<Sizes> BlockResizer::getRanges(linalg::LinalgOp op) {
  Sizes ranges(op.getNumLoops());
  addWholeRanges(op, ranges);
  if (failed(addWindowRanges(op, ranges)))
    return failure();
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    for (auto [expr, size] :
         llvm::zip_equal(map.getResults(), getSizes(init.get()))) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      AffineExpr &range = ranges[loop.getPosition()];
      if (!range)
        range = size;
      if (evaluate(range) != evaluate(size))
        return refuse(op, "gives " + Twine(evaluate(size)) +
                              " along a dimension where its operands give " +
                              Twine(evaluate(range)));
    }
  }
  if (llvm::is_contained(ranges, AffineExpr()))
    return refuse(op, "has a loop without a range");
  return ranges;
}

//===----------------------------------------------------------------------===//
// Operands and results
//===----------------------------------------------------------------------===//

/// Operands that are no data get the sizes that the loops say.
LogicalResult BlockResizer::adaptOperands(linalg::LinalgOp op,
                                          ArrayRef<AffineExpr> ranges) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    Sizes sizes = getSizes(operand.get());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [expr, size] : llvm::zip_equal(map.getResults(), sizes)) {
      if (auto loop = dyn_cast<AffineDimExpr>(expr);
          loop && isa<AffineConstantExpr>(size))
        size = ranges[loop.getPosition()];
      else if (!loop && isa<AffineConstantExpr>(size))
        for (unsigned i = 0; i < ranges.size(); ++i)
          if (expr.isFunctionOfDim(i) && !isa<AffineConstantExpr>(ranges[i]))
            return refuse(op, "reads a static size along a dynamic one");
    }
    if (failed(adaptOperand(operand, sizes)))
      return failure();
  }
  return success();
}

/// Positions are often compared with sizes, which are numbers by now.
void BlockResizer::addPositionDoubt(linalg::LinalgOp op,
                                    ArrayRef<AffineExpr> ranges) {
  op->walk([&](linalg::IndexOp counter) {
    AffineExpr range = ranges[counter.getDim()];
    if (range && !isa<AffineConstantExpr>(range))
      addDoubt(op, "computes with positions along a dynamic size");
  });
}

LogicalResult BlockResizer::visitStructured(linalg::LinalgOp op) {
  if (failed(checkPayload(op)))
    return failure();
  FailureOr<Sizes> ranges = getRanges(op);
  if (failed(ranges) || failed(adaptOperands(op, *ranges)))
    return failure();
  addPositionDoubt(op, *ranges);
  for (OpOperand &init : op.getDpsInitsMutable())
    track(op.getTiedOpResult(&init), getSizes(init.get()));
  countElements(op, *ranges);
  return success();
}

//===----------------------------------------------------------------------===//
// Values without data
//===----------------------------------------------------------------------===//

/// A structured operation on operands of other sizes.
FailureOr<Value> BlockResizer::rebuildStructured(linalg::LinalgOp op,
                                                 ArrayRef<AffineExpr> sizes) {
  if (op->getNumResults() != 1 || failed(checkPayload(op)))
    return failure();
  Sizes wanted(op.getNumLoops());
  OpOperand *init = op.getDpsInitOperand(0);
  for (auto [expr, size, old] :
       llvm::zip_equal(op.getMatchingIndexingMap(init).getResults(), sizes,
                       getSizes(init->get()))) {
    if (size == old)
      continue;
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop)
      return failure();
    wanted[loop.getPosition()] = size;
  }
  addPositionDoubt(op, wanted);
  Operation *clone = OpBuilder(op).clone(*op);
  auto copy = cast<linalg::LinalgOp>(clone);
  for (OpOperand &operand : clone->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type)
      continue;
    Sizes own = getSizes(operand.get());
    for (auto [expr, size] : llvm::zip_equal(
             copy.getMatchingIndexingMap(&operand).getResults(), own)) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      for (unsigned i = 0; i < wanted.size(); ++i)
        if (wanted[i] && !loop && expr.isFunctionOfDim(i))
          return failure();
      if (loop && wanted[loop.getPosition()])
        size = wanted[loop.getPosition()];
    }
    FailureOr<Value> value = rebuild(operand.get(), own);
    if (failed(value))
      return failure();
    operand.set(*value);
  }
  track(clone->getResult(0), Sizes(sizes));
  return clone->getResult(0);
}

FailureOr<Value> BlockResizer::rebuild(Value value,
                                       ArrayRef<AffineExpr> sizes) {
  if (ArrayRef<AffineExpr>(getSizes(value)) == sizes)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (auto structured = dyn_cast_or_null<linalg::LinalgOp>(op))
    return rebuildStructured(structured, sizes);
  auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue())
                        : SplatElementsAttr();
  if (!splat && !isa_and_nonnull<tensor::EmptyOp>(op))
    return failure();
  OpBuilder b(op);
  Value made = tensor::EmptyOp::create(b, op->getLoc(),
                                       buildSizes(b, op->getLoc(), sizes),
                                       type.getElementType());
  if (splat) {
    tracked[made] = Sizes(sizes);
    Value element = arith::ConstantOp::create(b, op->getLoc(),
                                              splat.getSplatValue<TypedAttr>());
    made = linalg::FillOp::create(b, op->getLoc(), element, made).getResult(0);
  }
  tracked[made] = Sizes(sizes);
  return made;
}

LogicalResult BlockResizer::adaptOperand(OpOperand &operand,
                                         ArrayRef<AffineExpr> sizes) {
  // Two expressions are one size wherever the network takes the inputs.
  auto isTaken = [](auto pair) {
    auto [own, wanted] = pair;
    return own == wanted ||
           !(isa<AffineConstantExpr>(own) || isa<AffineConstantExpr>(wanted));
  };
  if (llvm::all_of(llvm::zip_equal(getSizes(operand.get()), sizes), isTaken))
    return success();
  FailureOr<Value> value = rebuild(operand.get(), sizes);
  if (succeeded(value)) {
    operand.set(*value);
    return success();
  }
  std::string text;
  llvm::raw_string_ostream(text) << operand.get().getType();
  return refuse(operand.getOwner(),
                "has an operand of type " + text +
                    " with the sizes in it that cannot be made for others");
}
