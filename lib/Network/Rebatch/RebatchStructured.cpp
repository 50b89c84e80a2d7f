// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the batch goes through structured operations: along one parallel loop,
// which the operands, the results and what the payload reads must agree on.

#include "BlockRebatcher.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::pdq;

/// Results of `map` that are `loop` itself, and whether another one uses it.
static std::pair<unsigned, bool> countLoop(AffineMap map, unsigned loop) {
  AffineExpr expr = getAffineDimExpr(loop, map.getContext());
  unsigned whole = 0;
  bool isInside = false;
  for (AffineExpr result : map.getResults()) {
    whole += result == expr;
    isInside |= result != expr && result.isFunctionOfDim(loop);
  }
  return {whole, isInside};
}

static SmallVector<tensor::ExtractOp> getReads(linalg::LinalgOp op) {
  SmallVector<tensor::ExtractOp> reads;
  op->walk([&](tensor::ExtractOp read) { reads.push_back(read); });
  return reads;
}

/// The loop of `op` that is `index`.
static std::optional<unsigned> getLoop(linalg::LinalgOp op, Value index) {
  auto counter = index.getDefiningOp<linalg::IndexOp>();
  if (!counter || counter->getParentOp() != op.getOperation())
    return std::nullopt;
  return counter.getDim();
}

/// Checks that the payload only reads elements of what carries the batch.
LogicalResult BlockRebatcher::checkCaptured(linalg::LinalgOp op) {
  WalkResult result = op->walk([&](Operation *inner) {
    bool isRead = inner == op.getOperation() || isa<tensor::ExtractOp>(inner);
    return !isRead && llvm::any_of(inner->getOperands(),
                                   [&](Value v) { return isTracked(v); })
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted()
             ? refuse(op, "uses data in its payload by something else than "
                          "tensor.extract")
             : success();
}

//===----------------------------------------------------------------------===//
// Which loop
//===----------------------------------------------------------------------===//

/// Takes the loop by which an operand is indexed where it carries the batch.
LogicalResult BlockRebatcher::addCandidate(linalg::LinalgOp op, AffineMap map,
                                           BatchDim place,
                                           std::optional<BatchLoop> &found) {
  auto loop = dyn_cast<AffineDimExpr>(map.getResult(place.dim));
  if (!loop)
    return refuse(op, "uses the batch in a way that cannot be followed");
  if (!found)
    found = {loop.getPosition(), place};
  if (found->loop != loop.getPosition() ||
      found->place.factor != place.factor || found->place.outer != place.outer)
    return refuse(op, "uses the batch in a way that cannot be followed");
  return success();
}

/// The same for a tensor that the payload reads. Where the batch was a
/// dimension of size 1 any position in it is 0, and any loop will do.
LogicalResult BlockRebatcher::addRead(linalg::LinalgOp op,
                                      tensor::ExtractOp read,
                                      std::optional<BatchLoop> &found) {
  BatchDim place = dims.lookup(read.getTensor());
  if (place.isAdded)
    return refuse(op, "reads a number of each sample without the batch");
  std::optional<unsigned> loop = getLoop(op, read.getIndices()[place.dim]);
  if (loop)
    return addCandidate(
        op,
        AffineMap::get(
            op.getNumLoops(), 0,
            SmallVector<AffineExpr>(place.dim + 1,
                                    getAffineDimExpr(*loop, op.getContext())),
            op.getContext()),
        place, found);
  if (oldBatch == 1 && place.factor == 1)
    return success();
  return refuse(op, "reads data at a computed position of the batch");
}

FailureOr<BlockRebatcher::BatchLoop>
BlockRebatcher::findBatchLoop(linalg::LinalgOp op) {
  if (failed(checkCaptured(op)))
    return failure();
  std::optional<BatchLoop> found;
  for (OpOperand &operand : op->getOpOperands()) {
    auto tracked = dims.find(operand.get());
    if (tracked == dims.end() || tracked->second.isAdded)
      continue;
    if (failed(addCandidate(op, op.getMatchingIndexingMap(&operand),
                            tracked->second, found)))
      return failure();
  }
  for (tensor::ExtractOp read : getReads(op))
    if (isTracked(read.getTensor()) && failed(addRead(op, read, found)))
      return failure();
  if (found)
    return *found;
  // Nothing names a loop: the first dimension of the result, where it is 1.
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  auto type = dyn_cast<RankedTensorType>(op.getDpsInits()[0].getType());
  auto first = output.getNumResults() > 0
                   ? dyn_cast<AffineDimExpr>(output.getResult(0))
                   : AffineDimExpr(nullptr);
  if (!type || !first || type.getDimSize(0) != 1)
    return refuse(op, "has no loop over the batch");
  return BatchLoop{first.getPosition(), {0, 1}};
}

/// Checks that no two samples meet, and that no sample's number is used.
LogicalResult BlockRebatcher::checkMaps(linalg::LinalgOp op,
                                        const BatchLoop &loop) {
  if (op.getIteratorTypesArray()[loop.loop] != utils::IteratorType::parallel)
    return refuse(op, "combines the samples of the batch");
  for (OpOperand &operand : op->getOpOperands()) {
    auto [whole, isInside] =
        countLoop(op.getMatchingIndexingMap(&operand), loop.loop);
    bool isInit = op.isDpsInit(&operand);
    if (isInside || whole > 1 || (isInit && whole != 1))
      return refuse(op, "uses the batch in a way that cannot be followed");
    if (isAdded(operand.get()) &&
        (loop.place.factor != 1 || isInit || !isa<linalg::GenericOp>(op)))
      return refuse(op, "uses a number of each sample");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// A tensor without data that is read at the number of the sample gets the
/// batch in that dimension. Gives the index, or null where there is none.
FailureOr<OpOperand *> BlockRebatcher::adaptRead(linalg::LinalgOp op,
                                                 tensor::ExtractOp read,
                                                 const BatchLoop &loop) {
  OpOperand *found = nullptr;
  BatchDim place = loop.place;
  for (auto [dim, index] : llvm::enumerate(read.getIndicesMutable())) {
    if (getLoop(op, index.get()) != loop.loop)
      continue;
    if (found)
      return refuse(op, "computes with the number of the sample");
    found = &index;
    place.dim = dim;
  }
  if (!found || isTracked(read.getTensor()))
    return found;
  auto type = cast<RankedTensorType>(read.getTensor().getType());
  if (ShapedType::isDynamic(oldBatch) ||
      type.getDimSize(place.dim) != oldBatch * place.factor)
    return refuse(op, "computes with the number of the sample");
  OpBuilder builder(op);
  FailureOr<Value> value = rebuild(read.getTensor(), place, builder);
  if (failed(value))
    return failure();
  read.getTensorMutable().assign(*value);
  dims.insert({*value, place});
  return found;
}

/// The counter of the batch's loop is the position in the batch; everything
/// else that used it was computed for sample 0.
LogicalResult BlockRebatcher::rewriteReads(linalg::LinalgOp op,
                                           const BatchLoop &loop) {
  SmallVector<OpOperand *> positions, others;
  bool wasLone = oldBatch == 1 && loop.place.factor == 1;
  for (tensor::ExtractOp read : getReads(op)) {
    if (!isTracked(read.getTensor()) && !wasLone) {
      FailureOr<OpOperand *> position = adaptRead(op, read, loop);
      if (failed(position))
        return failure();
      if (*position)
        positions.push_back(*position);
      continue;
    }
    if (!isTracked(read.getTensor()))
      continue;
    BatchDim place = dims.lookup(read.getTensor());
    if (place.factor != loop.place.factor || place.outer != loop.place.outer)
      return refuse(op, "reads data where the batch is merged otherwise");
    positions.push_back(&read.getIndicesMutable()[place.dim]);
  }
  op->walk([&](linalg::IndexOp counter) {
    if (counter.getDim() == loop.loop)
      for (OpOperand &use : counter->getUses())
        if (!llvm::is_contained(positions, &use))
          others.push_back(&use);
  });
  if (!others.empty() && !wasLone)
    return refuse(op, "computes with the number of the sample");
  if (!wasLone || (others.empty() && positions.empty()))
    return success();
  OpBuilder builder = OpBuilder::atBlockBegin(op.getBlock());
  Value zero = arith::ConstantIndexOp::create(builder, op.getLoc(), 0);
  Value sample = linalg::IndexOp::create(builder, op.getLoc(), loop.loop);
  for (OpOperand *use : others)
    use->set(zero);
  for (OpOperand *position : positions)
    position->set(sample);
  return success();
}

/// Lets all samples read what one sample read, where the batch was 1; a number
/// of each sample gets the loop over them.
bool BlockRebatcher::shareOperand(OpOperand &operand, BatchDim place) {
  auto op = dyn_cast<linalg::GenericOp>(operand.getOwner());
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!op || op.isDpsInit(&operand) || isTracked(operand.get()) || !type ||
      type.getDimSize(place.dim) != 1 || type == getType(type, place))
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap &map = maps[operand.getOperandNumber()];
  map = readFirst(map, place.dim);
  op.setIndexingMapsAttr(Builder(op.getContext()).getAffineMapArrayAttr(maps));
  return true;
}

/// Indexes a number of each sample by the loop over them.
static void readBySample(OpOperand &operand, unsigned loop) {
  auto op = cast<linalg::GenericOp>(operand.getOwner());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand.getOperandNumber()] =
      AffineMap::get(op.getNumLoops(), 0,
                     getAffineDimExpr(loop, op.getContext()), op.getContext());
  op.setIndexingMapsAttr(Builder(op.getContext()).getAffineMapArrayAttr(maps));
}

LogicalResult BlockRebatcher::adaptOperands(linalg::LinalgOp op,
                                            const BatchLoop &loop) {
  AffineExpr expr = getAffineDimExpr(loop.loop, op.getContext());
  for (OpOperand &operand : op->getOpOperands()) {
    if (isAdded(operand.get())) {
      readBySample(operand, loop.loop);
      continue;
    }
    auto results = op.getMatchingIndexingMap(&operand).getResults();
    const auto *found = llvm::find(results, expr);
    if (found == results.end())
      continue;
    BatchDim place = loop.place;
    place.dim = found - results.begin();
    if (!shareOperand(operand, place) && failed(adaptOperand(operand, place)))
      return failure();
  }
  return success();
}

LogicalResult BlockRebatcher::visitStructured(linalg::LinalgOp op) {
  FailureOr<BatchLoop> loop = findBatchLoop(op);
  if (failed(loop) || failed(checkMaps(op, *loop)) ||
      failed(rewriteReads(op, *loop)) || failed(adaptOperands(op, *loop)))
    return failure();
  AffineExpr expr = getAffineDimExpr(loop->loop, op.getContext());
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto results = op.getMatchingIndexingMap(&init).getResults();
    BatchDim place = loop->place;
    place.dim = llvm::find(results, expr) - results.begin();
    track(op.getTiedOpResult(&init), place);
  }
  return success();
}
