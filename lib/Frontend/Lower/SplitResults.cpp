// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A result that is the same in all steps of a loop, and written in each, ties
// that loop to the operation: the batch cannot be followed along it, and a
// device has no order for the writes. Computed for itself it has no such loop.
// Results of one element each, as of a scatter's positions, are constants,
// copies and views when each stands for itself.

#include "pdq/Frontend/Lower/SplitResults.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// What one result of an operation is computed from.
struct ResultSlice {
  /// Operations of the payload, in any order.
  llvm::SmallPtrSet<Operation *, 16> operations;
  /// Inputs of the operation, in order.
  SmallVector<OpOperand *> inputs;
};
} // namespace

/// The loops that are dimensions of a result, in order, beside dimensions of
/// size 1; none where two dimensions are one loop or a computed one.
static std::optional<SmallVector<unsigned>> getOwnLoops(linalg::GenericOp op,
                                                        OpOperand *init) {
  SmallVector<unsigned> loops;
  auto type = cast<RankedTensorType>(init->get().getType());
  AffineMap map = op.getMatchingIndexingMap(init);
  for (auto [result, size] :
       llvm::zip_equal(map.getResults(), type.getShape())) {
    auto loop = dyn_cast<AffineDimExpr>(result);
    if (!loop && size == 1)
      continue;
    if (!loop || llvm::is_contained(loops, loop.getPosition()))
      return std::nullopt;
    loops.push_back(loop.getPosition());
  }
  return loops;
}

/// Whether `map` only uses `loops`.
static bool usesOnly(AffineMap map, ArrayRef<unsigned> loops) {
  for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
    if (map.isFunctionOfDim(loop) && !llvm::is_contained(loops, loop))
      return false;
  return true;
}

/// What `yielded` is computed from, where that is inputs and counters of
/// `loops` alone.
static std::optional<ResultSlice>
sliceResult(linalg::GenericOp op, Value yielded, ArrayRef<unsigned> loops) {
  ResultSlice slice;
  SetVector<Value> values;
  values.insert(yielded);
  for (size_t i = 0; i < values.size(); ++i) {
    auto argument = dyn_cast<BlockArgument>(values[i]);
    if (argument && argument.getOwner() == op.getBody()) {
      OpOperand *operand = op.getMatchingOpOperand(argument);
      if (op.isDpsInit(operand) ||
          !usesOnly(op.getMatchingIndexingMap(operand), loops))
        return std::nullopt;
      slice.inputs.push_back(operand);
      continue;
    }
    Operation *def = values[i].getDefiningOp();
    if (!def || def->getBlock() != op.getBody())
      continue;
    auto counter = dyn_cast<linalg::IndexOp>(def);
    if ((counter && !llvm::is_contained(loops, counter.getDim())) ||
        !isPure(def) || def->getNumRegions() > 0)
      return std::nullopt;
    slice.operations.insert(def);
    values.insert(def->operand_begin(), def->operand_end());
  }
  llvm::sort(slice.inputs, [](OpOperand *lhs, OpOperand *rhs) {
    return lhs->getOperandNumber() < rhs->getOperandNumber();
  });
  return slice;
}

/// `map` of an operation as one of an operation with `loops` alone.
static AffineMap keepLoops(AffineMap map, ArrayRef<unsigned> loops) {
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> dims(map.getNumDims(),
                               getAffineConstantExpr(0, context));
  for (auto [position, loop] : llvm::enumerate(loops))
    dims[loop] = getAffineDimExpr(position, context);
  return map.replaceDimsAndSymbols(dims, {}, loops.size(), 0);
}

/// Whether a dimension of a result is a loop, not one of size 1 beside them.
static bool isLoop(AffineExpr result) { return isa<AffineDimExpr>(result); }

/// A tensor for result `number` of `op`, of its dimensions that are loops.
static Value buildEmpty(PatternRewriter &rewriter, linalg::GenericOp op,
                        unsigned number) {
  OpOperand *init = op.getDpsInitOperand(number);
  SmallVector<OpFoldResult> sizes;
  for (auto [result, size] : llvm::zip_equal(
           op.getMatchingIndexingMap(init).getResults(),
           tensor::getMixedSizes(rewriter, op.getLoc(), init->get())))
    if (isLoop(result))
      sizes.push_back(size);
  return tensor::EmptyOp::create(
      rewriter, op.getLoc(), sizes,
      cast<RankedTensorType>(init->get().getType()).getElementType());
}

/// `value` with the dimensions of size 1 that result `number` of `op` has.
static Value addUnits(PatternRewriter &rewriter, Value value,
                      linalg::GenericOp op, unsigned number) {
  auto type = cast<RankedTensorType>(op.getResult(number).getType());
  if (value.getType() == type)
    return value;
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices units;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
  for (auto [dim, result] : llvm::enumerate(map.getResults())) {
    units.push_back(dim);
    if (!isLoop(result))
      continue;
    groups.push_back(units);
    units.clear();
  }
  if (!groups.empty())
    llvm::append_range(groups.back(), units);
  return tensor::ExpandShapeOp::create(
      rewriter, op.getLoc(), type, value, groups,
      tensor::getMixedSizes(rewriter, op.getLoc(), op.getOutputs()[number]));
}

/// Result `number` of `op` for itself, with `loops` in order as its loops.
static Value buildResult(PatternRewriter &rewriter, linalg::GenericOp op,
                         unsigned number, const ResultSlice &slice,
                         ArrayRef<unsigned> loops) {
  Value empty = buildEmpty(rewriter, op, number);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : slice.inputs) {
    inputs.push_back(input->get());
    maps.push_back(keepLoops(op.getMatchingIndexingMap(input), loops));
  }
  maps.push_back(rewriter.getMultiDimIdentityMap(loops.size()));
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &inner, Location loc, ValueRange args) {
    IRMapping mapping;
    for (auto [input, argument] : llvm::zip(slice.inputs, args))
      mapping.map(op.getMatchingBlockArgument(input), argument);
    for (Operation &scalar : op.getBody()->without_terminator()) {
      if (!slice.operations.contains(&scalar))
        continue;
      Operation *copy = inner.clone(scalar, mapping);
      if (auto counter = dyn_cast<linalg::IndexOp>(copy))
        counter.setDim(llvm::find(loops, counter.getDim()) - loops.begin());
    }
    Value yielded = op.getBody()->getTerminator()->getOperand(number);
    linalg::YieldOp::create(inner, loc, mapping.lookupOrDefault(yielded));
  };
  Value value =
      linalg::GenericOp::create(rewriter, op.getLoc(), empty.getType(), inputs,
                                empty, maps, iterators, body)
          .getResult(0);
  return addUnits(rewriter, value, op, number);
}

/// Replaces `op` by one without result `number`, which is `value`.
static void dropResult(PatternRewriter &rewriter, linalg::GenericOp op,
                       unsigned number, Value value) {
  SmallVector<Value> inits(op.getOutputs());
  inits.erase(inits.begin() + number);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.erase(maps.begin() + op.getNumDpsInputs() + number);
  auto smaller = linalg::GenericOp::create(
      rewriter, op.getLoc(), TypeRange(ValueRange(inits)), op.getInputs(),
      inits, maps, op.getIteratorTypesArray());
  smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  op.getBody()->getTerminator()->eraseOperand(number);
  op.getBody()->eraseArgument(op.getNumDpsInputs() + number);
  smaller.getRegion().takeBody(op.getRegion());
  SmallVector<Value> values(smaller.getResults());
  values.insert(values.begin() + number, value);
  rewriter.replaceOp(op, values);
}

/// Whether the loops of `op` have ranges without result `number`.
static bool hasRangesWithout(linalg::GenericOp op, unsigned number) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.erase(maps.begin() + op.getNumDpsInputs() + number);
  return !!inversePermutation(concatAffineMaps(maps, op.getContext()));
}

/// Whether result `number` is overwritten in whole: no loop is empty, or there
/// is nothing that an empty one would leave.
static bool isWritten(linalg::GenericOp op, unsigned number) {
  if (op.getOutputs()[number].getDefiningOp<tensor::EmptyOp>())
    return true;
  return llvm::all_of(op.getStaticLoopRanges(), [](int64_t range) {
    return !ShapedType::isDynamic(range) && range > 0;
  });
}

static LogicalResult splitResults(linalg::GenericOp op,
                                  PatternRewriter &rewriter) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() < 2)
    return rewriter.notifyMatchFailure(op, "has one result");
  for (int64_t number = 0; number < op.getNumDpsInits(); ++number) {
    auto loops = getOwnLoops(op, op.getDpsInitOperand(number));
    bool needsOthers = op.getNumReductionLoops() > 0;
    if (!loops || (loops->size() == op.getNumLoops() && needsOthers) ||
        !op.getBody()->getArgument(op.getNumDpsInputs() + number).use_empty() ||
        !hasRangesWithout(op, number) || !isWritten(op, number))
      continue;
    auto slice = sliceResult(
        op, op.getBody()->getTerminator()->getOperand(number), *loops);
    if (!slice)
      continue;
    Value value = buildResult(rewriter, op, number, *slice, *loops);
    dropResult(rewriter, op, number, value);
    return success();
  }
  return rewriter.notifyMatchFailure(op, "has no result for itself");
}

void mlir::pdq::populateSplitResultsPatterns(RewritePatternSet &patterns) {
  patterns.add(splitResults);
}
