// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends compute positions by chains of small operations, in floating point
// where they interpolate. Numbers that do not depend on data become tables: no
// later stage computes them again, in whatever precision it has.

#include "PositionTable.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// Positions of one index up to which they are computed.
static constexpr int64_t maxPositions = 1 << 20;

bool PositionTable::isCounter() const {
  if (loops.size() != 1)
    return false;
  for (auto [step, value] : llvm::enumerate(values))
    if (value != static_cast<int64_t>(step))
      return false;
  return true;
}

std::optional<std::pair<int64_t, int64_t>>
PositionTable::getProgression() const {
  int64_t stride = values.size() > 1 ? values[1] - values[0] : 1;
  if (stride < 1 || loops.size() > 1)
    return std::nullopt;
  for (auto [step, value] : llvm::enumerate(values))
    if (value != values[0] + static_cast<int64_t>(step) * stride)
      return std::nullopt;
  return std::make_pair(values[0], stride);
}

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// The loops that a scalar of the payload depends on.
static SmallVector<unsigned> collectLoops(Value scalar, linalg::LinalgOp op) {
  llvm::SmallSetVector<unsigned, 4> loops;
  llvm::SetVector<Value> slice;
  slice.insert(scalar);
  for (size_t i = 0; i < slice.size(); ++i) {
    Operation *def = slice[i].getDefiningOp();
    auto argument = dyn_cast<BlockArgument>(slice[i]);
    if (argument && argument.getOwner() == op.getBlock()) {
      AffineMap map =
          op.getMatchingIndexingMap(op.getMatchingOpOperand(argument));
      for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
        if (map.isFunctionOfDim(loop))
          loops.insert(loop);
    } else if (auto index = dyn_cast_or_null<linalg::IndexOp>(def)) {
      loops.insert(index.getDim());
    } else if (def && def->getBlock() == op.getBlock()) {
      slice.insert(def->operand_begin(), def->operand_end());
    }
  }
  SmallVector<unsigned> sorted = loops.takeVector();
  llvm::sort(sorted);
  return sorted;
}

/// Leaves out the loop number `place` of `positions` where they are the same in
/// all of its steps: index tensors of a whole result, as of a gather, hold one
/// coordinate in each.
static void dropLoopWithoutEffect(PositionTable &positions, size_t place,
                                  ArrayRef<int64_t> ranges) {
  int64_t inner = 1, steps = ranges[positions.loops[place]];
  for (unsigned loop : ArrayRef(positions.loops).drop_front(place + 1))
    inner *= ranges[loop];
  SmallVector<int64_t> first;
  for (auto [i, value] : llvm::enumerate(positions.values)) {
    int64_t step = static_cast<int64_t>(i) / inner % steps;
    if (step == 0)
      first.push_back(value);
    else if (value != positions.values[i - step * inner])
      return;
  }
  positions.loops.erase(positions.loops.begin() + place);
  positions.values = std::move(first);
}

FailureOr<PositionTable>
mlir::pdq::getPositionTable(Value index, linalg::LinalgOp op, int64_t size,
                            ConstantElements &elements) {
  PositionTable positions{collectLoops(index, op), {}};
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t count = 1;
  for (unsigned loop : positions.loops) {
    if (ShapedType::isDynamic(ranges[loop]) ||
        (count *= ranges[loop]) > maxPositions)
      return failure();
  }
  SmallVector<int64_t> position(op.getNumLoops(), 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (unsigned loop : llvm::reverse(positions.loops)) {
      position[loop] = rest % ranges[loop];
      rest /= ranges[loop];
    }
    auto value =
        dyn_cast_or_null<IntegerAttr>(elements.getScalar(index, op, position));
    if (!value || value.getInt() < 0 || value.getInt() >= size)
      return failure();
    positions.values.push_back(value.getInt());
  }
  // The counter of a loop with one step stays one: another batch has more.
  if (count == 0 || (count == 1 && index.getDefiningOp<linalg::IndexOp>()))
    return positions;
  for (size_t place = positions.loops.size(); place-- > 0;)
    dropLoopWithoutEffect(positions, place, ranges);
  return positions;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// Whether an index has the form that it is given here.
static bool isTabulated(Value index, linalg::LinalgOp op) {
  if (matchPattern(index, m_Constant()) ||
      index.getDefiningOp<linalg::IndexOp>())
    return true;
  auto cast = index.getDefiningOp<arith::IndexCastOp>();
  auto argument =
      cast ? dyn_cast<BlockArgument>(cast.getIn()) : BlockArgument();
  return argument && argument.getOwner() == op.getBlock() &&
         matchPattern(op.getMatchingOpOperand(argument)->get(), m_Constant());
}

namespace {
/// An index of a read with its positions.
struct KnownIndex {
  OpOperand *index;
  PositionTable positions;
};
} // namespace

/// The indices that can be given the form.
static SmallVector<KnownIndex> findKnownIndices(linalg::GenericOp op) {
  SmallVector<KnownIndex> found;
  ConstantElements elements;
  for (auto read : op.getBody()->getOps<tensor::ExtractOp>()) {
    ArrayRef<int64_t> shape = read.getTensor().getType().getShape();
    for (auto [dim, index] : llvm::enumerate(read.getIndicesMutable())) {
      if (ShapedType::isDynamic(shape[dim]))
        continue;
      bool known = isTabulated(index.get(), op);
      size_t loops = collectLoops(index.get(), op).size();
      if (known && loops < 2)
        continue;
      auto positions = getPositionTable(index.get(), op, shape[dim], elements);
      if (succeeded(positions) && !positions->values.empty() &&
          !(known && positions->loops.size() == loops))
        found.push_back({&index, std::move(*positions)});
    }
  }
  return found;
}

/// Drops inputs that the payload does not read and no loop needs.
static linalg::GenericOp dropUnusedInputs(PatternRewriter &rewriter,
                                          linalg::GenericOp op) {
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  llvm::BitVector dropped(op->getNumOperands());
  for (int64_t i = inputs.size() - 1; i >= 0; --i) {
    if (!op.getBody()->getArgument(i).use_empty())
      continue;
    SmallVector<AffineMap> rest(maps);
    rest.erase(rest.begin() + i);
    if (!inversePermutation(concatAffineMaps(rest, op.getContext())))
      continue;
    maps = std::move(rest);
    inputs.erase(inputs.begin() + i);
    dropped.set(i);
  }
  if (dropped.none())
    return op;
  op.getBody()->eraseArguments(dropped);
  auto smaller = linalg::GenericOp::create(
      rewriter, op.getLoc(), op.getResultTypes(), inputs, op.getOutputs(), maps,
      op.getIteratorTypesArray());
  smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  smaller.getRegion().takeBody(op.getRegion());
  rewriter.replaceOp(op, smaller.getResults());
  return smaller;
}

/// `op` with a table as one more input, whose element is the index.
static linalg::GenericOp addTable(PatternRewriter &rewriter,
                                  linalg::GenericOp op,
                                  const KnownIndex &known) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges(), shape;
  SmallVector<AffineExpr> exprs;
  for (unsigned loop : known.positions.loops) {
    shape.push_back(ranges[loop]);
    exprs.push_back(rewriter.getAffineDimExpr(loop));
  }
  auto type = RankedTensorType::get(shape, rewriter.getI64Type());
  Value table = arith::ConstantOp::create(
      rewriter, op.getLoc(),
      DenseElementsAttr::get(type, ArrayRef(known.positions.values)));
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned number = inputs.size();
  inputs.push_back(table);
  maps.insert(maps.begin() + number,
              AffineMap::get(op.getNumLoops(), 0, exprs, op.getContext()));
  Value element =
      op.getBody()->insertArgument(number, type.getElementType(), op.getLoc());
  auto larger = linalg::GenericOp::create(
      rewriter, op.getLoc(), op.getResultTypes(), inputs, op.getOutputs(), maps,
      op.getIteratorTypesArray());
  larger->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  larger.getRegion().takeBody(op.getRegion());
  rewriter.setInsertionPoint(known.index->getOwner());
  known.index->set(arith::IndexCastOp::create(
      rewriter, larger.getLoc(), rewriter.getIndexType(), element));
  rewriter.replaceOp(op, larger.getResults());
  return larger;
}

static LogicalResult tabulatePositions(linalg::GenericOp op,
                                       PatternRewriter &rewriter) {
  if (!op.hasPureTensorSemantics())
    return rewriter.notifyMatchFailure(op, "is not on tensors");
  SmallVector<KnownIndex> indices = findKnownIndices(op);
  if (indices.empty())
    return rewriter.notifyMatchFailure(op, "reads at no position to tabulate");
  for (const KnownIndex &known : indices) {
    rewriter.setInsertionPoint(op);
    if (!known.positions.loops.empty() && !known.positions.isCounter()) {
      op = addTable(rewriter, op, known);
      continue;
    }
    rewriter.setInsertionPoint(known.index->getOwner());
    Location loc = known.index->getOwner()->getLoc();
    known.index->set(known.positions.isCounter()
                         ? linalg::IndexOp::create(
                               rewriter, loc, known.positions.loops.front())
                               .getResult()
                         : arith::ConstantIndexOp::create(
                               rewriter, loc, known.positions.values.front())
                               .getResult());
  }
  for (Operation &scalar :
       llvm::make_early_inc_range(llvm::reverse(*op.getBody())))
    if (isOpTriviallyDead(&scalar))
      rewriter.eraseOp(&scalar);
  rewriter.setInsertionPoint(op);
  dropUnusedInputs(rewriter, op);
  return success();
}

void mlir::pdq::populateTabulatePositionsPatterns(RewritePatternSet &patterns) {
  patterns.add(tabulatePositions);
}
