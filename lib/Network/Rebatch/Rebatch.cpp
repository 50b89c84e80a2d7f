// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the batch size of a function: a forward walk that follows the batch
// dimension and sets types again.

#include "pdq/Network/Rebatch/Rebatch.h"
#include "BlockRebatcher.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

void BlockRebatcher::addArgument(BlockArgument argument, int64_t factor) {
  int64_t size = cast<RankedTensorType>(argument.getType()).getDimSize(0);
  if (!source) {
    source = argument;
    oldBatch = ShapedType::isDynamic(size) ? size : size / factor;
  }
  track(argument, {0, factor});
}

RankedTensorType BlockRebatcher::getType(RankedTensorType type,
                                         BatchDim place) const {
  SmallVector<int64_t> shape(type.getShape());
  shape[place.dim] =
      ShapedType::isDynamic(batch) ? batch : batch * place.factor;
  return type.clone(shape);
}

/// Size of a dimension with `factor` times the batch.
OpFoldResult BlockRebatcher::getSize(OpBuilder &builder, Location loc,
                                     int64_t factor) {
  if (!ShapedType::isDynamic(batch))
    return builder.getIndexAttr(batch * factor);
  int64_t unit = dims.lookup(source).factor;
  Value size = tensor::DimOp::create(builder, loc, source, 0);
  AffineExpr expr = builder.getAffineDimExpr(0);
  return affine::makeComposedFoldedAffineApply(
      builder, loc, expr.floorDiv(unit) * factor, {size});
}

FailureOr<int64_t> BlockRebatcher::getLeadingFactor(Value value) {
  auto tracked = dims.find(value);
  if (tracked == dims.end())
    return 0;
  BatchDim place = tracked->second;
  if (place.dim == 0 && place.outer == 1 && !place.isAdded)
    return place.factor;
  InFlightDiagnostic diag = emitError(value.getLoc())
                            << "batch must be dimension 0 at the border of a "
                               "region, ";
  if (place.isAdded)
    return diag << "a scalar of each sample has no such dimension";
  return diag << "it is " << (place.outer == 1 ? "" : "merged into ")
              << "dimension " << place.dim;
}

void BlockRebatcher::replace(Operation *op, Value value, BatchDim place) {
  if (Operation *made = value.getDefiningOp())
    for (NamedAttribute attribute : op->getDiscardableAttrs())
      made->setDiscardableAttr(attribute.getName(), attribute.getValue());
  op->getResult(0).replaceAllUsesWith(value);
  dims.erase(op->getResult(0));
  op->erase();
  dims[value] = place;
}

LogicalResult BlockRebatcher::refuse(Location loc, const Twine &reason) {
  if (!refusal)
    refusal.emplace(loc, reason.str());
  return failure();
}

LogicalResult BlockRebatcher::refuse(Operation *op, const Twine &reason) {
  return refuse(op->getLoc(),
                "'" + op->getName().getStringRef() + "' op " + reason);
}

//===----------------------------------------------------------------------===//
// Walk
//===----------------------------------------------------------------------===//

LogicalResult BlockRebatcher::visitRegion(RegionOp op) {
  for (Region *body : {&op.getFloatBody(), &op.getQuantizedBody()}) {
    BlockRebatcher inner(body->front(), batch);
    for (auto [input, argument] :
         llvm::zip_equal(op.getInputs(), body->getArguments())) {
      FailureOr<int64_t> factor = getLeadingFactor(input);
      if (failed(factor))
        return failure();
      if (*factor)
        inner.addArgument(argument, *factor);
    }
    if (failed(inner.run()))
      return failure();
    for (auto [yielded, result] : llvm::zip_equal(
             body->front().getTerminator()->getOperands(), op.getResults())) {
      FailureOr<int64_t> factor = inner.getLeadingFactor(yielded);
      if (failed(factor))
        return failure();
      result.setType(yielded.getType());
      if (*factor)
        dims.insert({result, {0, *factor}});
    }
  }
  return success();
}

LogicalResult BlockRebatcher::visitInPlace(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp typed) { return visitStructured(typed); })
      .Case([&](tensor::ExpandShapeOp typed) { return visitExpand(typed); })
      .Case([&](tensor::CollapseShapeOp typed) { return visitCollapse(typed); })
      .Case([&](tensor::ExtractSliceOp typed) {
        return visitExtractSlice(typed);
      })
      .Case(
          [&](tensor::InsertSliceOp typed) { return visitInsertSlice(typed); })
      .Case([&](tensor::PadOp typed) { return visitPad(typed); })
      .Case([&](tensor::ConcatOp typed) { return visitConcat(typed); })
      .Case([&](tensor::CastOp typed) { return visitCast(typed); })
      .Case([&](tensor::DimOp typed) { return visitDim(typed); })
      .Case<FakeQuantOp, BatchNormOp, quant::StorageCastOp,
            quant::QuantizeCastOp, quant::DequantizeCastOp>(
          [&](auto typed) { return visitSameShape(typed); })
      .Default([&](Operation *unknown) {
        return refuse(unknown,
                      "on the data path cannot be given another batch size");
      });
}

/// Follows one operation, or says why not and what to do.
LogicalResult BlockRebatcher::visit(Operation *op) {
  if (auto region = dyn_cast<RegionOp>(op))
    return visitRegion(region);
  refusal.reset();
  // A scalar of each sample has no place in the operation as it stands.
  bool hasScalars =
      !isa<linalg::LinalgOp>(op) &&
      llvm::any_of(op->getOperands(), [&](Value v) { return isAdded(v); });
  if (!hasScalars && succeeded(visitInPlace(op)))
    return success();
  bool wasOne = oldBatch == 1 && !ShapedType::isDynamic(batch);
  if (wasOne && succeeded(visitPerSample(op)))
    return success();
  InFlightDiagnostic diag =
      emitError(refusal ? refusal->first : op->getLoc())
      << (refusal ? refusal->second
                  : "'" + op->getName().getStringRef().str() +
                        "' op cannot be given another batch size");
  if (!ShapedType::isDynamic(oldBatch))
    diag << "; keep the batch of " << oldBatch
         << " that the network was exported for, or export it with a dynamic "
            "batch";
  return diag;
}

/// A result whose dimension 0 was 1 gets the batch there, wherever it is.
void BlockRebatcher::moveBatchFirst(OpOperand &result) {
  auto found = dims.find(result.get());
  if (found == dims.end() || oldBatch != 1 || ShapedType::isDynamic(batch) ||
      found->second.isAdded || found->second == BatchDim{0, 1})
    return;
  auto type = cast<RankedTensorType>(result.get().getType());
  if (found->second.dim == 0 || type.getDimSize(0) != 1)
    return;
  OpBuilder builder(result.getOwner());
  Value leadingValue = buildLeading(builder, result.get());
  SmallVector<ReassociationIndices> groups = {{0, 1}};
  for (int64_t dim = 1; dim < type.getRank(); ++dim)
    groups.push_back({dim + 1});
  Value value = tensor::CollapseShapeOp::create(builder, result.get().getLoc(),
                                                leadingValue, groups);
  dims[value] = {0, 1};
  result.set(value);
}

LogicalResult BlockRebatcher::run() {
  lowerReshapes();
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    SetVector<Value> read(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), read);
    bool onDataPath = llvm::any_of(read, [&](Value v) { return isTracked(v); });
    if (onDataPath && failed(visit(&op)))
      return failure();
  }
  for (OpOperand &result : block.getTerminator()->getOpOperands())
    moveBatchFirst(result);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op)) {
      for (Value result : op.getResults())
        dims.erase(result);
      op.erase();
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Whether all shapes are static, with the batch in dimension 0 of the data.
static bool hasBatch(func::FuncOp function, int64_t batch,
                     ArrayRef<unsigned> dataArguments) {
  auto isStatic = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return !shaped || shaped.hasStaticShape();
  };
  for (unsigned index : dataArguments)
    if (cast<RankedTensorType>(function.getArgumentTypes()[index])
            .getDimSize(0) != batch)
      return false;
  return llvm::all_of(function.getArgumentTypes(), isStatic) &&
         !function
              .walk([&](Operation *op) {
                return llvm::all_of(op->getResultTypes(), isStatic)
                           ? WalkResult::advance()
                           : WalkResult::interrupt();
              })
              .wasInterrupted();
}

LogicalResult mlir::pdq::rebatch(func::FuncOp function, int64_t batch,
                                 ArrayRef<unsigned> dataArguments,
                                 BatchDims *dims) {
  if (hasBatch(function, batch, dataArguments))
    return success();
  Block &block = function.getBody().front();
  BlockRebatcher rebatcher(block, batch);
  for (unsigned index : dataArguments)
    rebatcher.addArgument(block.getArgument(index), 1);
  if (failed(rebatcher.run()))
    return failure();
  for (Value result : block.getTerminator()->getOperands())
    if (rebatcher.getDims().lookup(result).isAdded)
      return emitError(result.getLoc())
             << "network returns one number for each sample without a "
                "dimension for the batch; return a tensor whose dimension 0 "
                "is the batch";
  function.setType(FunctionType::get(function.getContext(),
                                     block.getArgumentTypes(),
                                     block.getTerminator()->getOperandTypes()));
  if (dims)
    *dims = rebatcher.getDims();
  return success();
}
