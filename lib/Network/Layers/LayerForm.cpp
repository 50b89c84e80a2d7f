// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends write a product of a weight and data in either order, and repeat
// weights along the batch.

#include "pdq/Network/Layers/LayerForm.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

/// Replaces a product by one of the same payload with other inputs. `order` are
/// the inputs whose places they take.
static void replaceProduct(PatternRewriter &rewriter, linalg::LinalgOp op,
                           ValueRange inputs, ArrayRef<AffineMap> maps,
                           ArrayRef<unsigned> order) {
  SmallVector<AffineMap> all(maps);
  all.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  Block &payload = *op.getBlock();
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      op, op->getResultTypes(), inputs, op.getDpsInits(), all,
      op.getIteratorTypesArray(),
      [&](OpBuilder &b, Location, ValueRange arguments) {
        IRMapping mapping;
        for (auto [place, input] : llvm::enumerate(order))
          mapping.map(payload.getArgument(input), arguments[place]);
        mapping.map(payload.getArgument(2), arguments[2]);
        for (Operation &scalar : payload)
          b.clone(scalar, mapping);
      });
}

namespace {
/// weight * data -> data * weight
struct PutWeightSecond : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isMultiplyAccumulate(op))
      return rewriter.notifyMatchFailure(op, "is no product");
    if (!isConstantBehindViews(op->getOperand(0)) ||
        isConstantBehindViews(op->getOperand(1)))
      return rewriter.notifyMatchFailure(op, "first operand is no weight");
    replaceProduct(rewriter, op, {op->getOperand(1), op->getOperand(0)},
                   {op.getMatchingIndexingMap(op.getDpsInputOperand(1)),
                    op.getMatchingIndexingMap(op.getDpsInputOperand(0))},
                   {1, 0});
    return success();
  }
};

/// A product that reads a weight which is repeated along dimensions reads the
/// weight itself.
struct ReadRepeatedWeight : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isMultiplyAccumulate(op))
      return rewriter.notifyMatchFailure(op, "is no product");
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<Value> inputs = op.getDpsInputs();
    bool changed = false;
    for (int i : {0, 1}) {
      auto copy = inputs[i].getDefiningOp<linalg::LinalgOp>();
      if (!isRepeatedWeight(inputs[i]))
        continue;
      AffineMap result = copy.getMatchingIndexingMap(copy.getDpsInitOperand(0));
      maps[i] = copy.getMatchingIndexingMap(copy.getDpsInputOperand(0))
                    .compose(inversePermutation(result))
                    .compose(maps[i]);
      inputs[i] = copy.getDpsInputOperand(0)->get();
      changed = true;
    }
    if (!changed)
      return rewriter.notifyMatchFailure(op, "no weight is repeated");
    if (!inversePermutation(concatAffineMaps(maps, op.getContext())))
      return rewriter.notifyMatchFailure(op, "sums over the repetitions");
    maps.pop_back();
    replaceProduct(rewriter, op, inputs, maps, {0, 1});
    return success();
  }

  /// Whether a value is a weight that is repeated for every sample.
  static bool isRepeatedWeight(Value value) {
    Operation *op = value.getDefiningOp();
    return isBroadcast(op) && !isView(op) &&
           isConstantBehindViews(op->getOperand(0));
  }
};

/// A product by batches makes room for what its weight repeats: as a general
/// one, it can be expanded in front of a reshape.
struct GeneralizeBatchProduct : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (isa<linalg::GenericOp>(op) || !isMultiplyAccumulate(op) ||
        llvm::none_of(op->getOpOperands().take_front(2), isMergedRepetition))
      return rewriter.notifyMatchFailure(op, "no weight is repeated");
    if (failed(linalg::generalizeNamedOp(rewriter, op)))
      return rewriter.notifyMatchFailure(op, "is no named operation");
    return success();
  }

  /// Whether a product reads a repeated weight whose repetitions are merged
  /// with another dimension of it.
  static bool isMergedRepetition(OpOperand &operand) {
    auto merge = operand.get().getDefiningOp<tensor::CollapseShapeOp>();
    return merge && isMultiplyAccumulate(operand.getOwner()) &&
           ReadRepeatedWeight::isRepeatedWeight(merge.getSrc());
  }
};
} // namespace

void mlir::pdq::populateLayerFormPatterns(RewritePatternSet &patterns) {
  patterns.add<PutWeightSecond, ReadRepeatedWeight, GeneralizeBatchProduct>(
      patterns.getContext());
  linalg::populateFoldReshapeOpsByExpansionPatterns(
      patterns, [](OpOperand *operand) {
        return GeneralizeBatchProduct::isMergedRepetition(*operand);
      });
}
