// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transformers apply linear layers to [batch, tokens, features]. Frontends
// repeat the weight for every sample, behind which nobody sees a constant. TOSA
// knows matrix products with a batch alone, and all samples are one of it.

#include "pdq/Frontend/Raise/FlattenLinears.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

/// The matrix [K, N] that `value` [..., K, N] repeats along all other
/// dimensions; null where it is something else.
static Value getRepeatedMatrix(Value value) {
  // Leading dimensions may be merged behind the repetition.
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>()) {
    auto groups = collapse.getReassociationIndices();
    if (groups.size() < 2 || groups.back().size() != 1 ||
        groups[groups.size() - 2].size() != 1)
      return Value();
    value = collapse.getSrc();
  }
  auto repeat = value.getDefiningOp<linalg::LinalgOp>();
  if (!repeat || repeat->getNumResults() != 1 ||
      repeat.getNumDpsInputs() != 1 || repeat.getNumReductionLoops() != 0)
    return Value();
  OpOperand *input = repeat.getDpsInputOperand(0);
  AffineMap source = repeat.getMatchingIndexingMap(input);
  AffineMap result = repeat.getMatchingIndexingMap(repeat.getDpsInitOperand(0));
  bool copies = repeat.getBlock()->getTerminator()->getOperand(0) ==
                repeat.getMatchingBlockArgument(input);
  if (!copies || result.getNumResults() < 2 || source.getNumResults() != 2 ||
      source.getResults() != result.getResults().take_back(2))
    return Value();
  return input->get();
}

/// `value` [B, M, N] as [B * M, N]; a fill is made anew, so that no later stage
/// has to look through a reshape.
static Value flattenRows(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto flat = RankedTensorType::get(
      {type.getDimSize(0) * type.getDimSize(1), type.getDimSize(2)},
      type.getElementType());
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value empty =
        tensor::EmptyOp::create(b, loc, flat.getShape(), flat.getElementType());
    return linalg::FillOp::create(b, loc, fill.getInputs(), empty).getResult(0);
  }
  return tensor::CollapseShapeOp::create(
      b, loc, flat, value, SmallVector<ReassociationIndices>{{0, 1}, {2}});
}

/// The matrix [K, N] of a weight [1, K, N]; null where it is something else.
static Value getOnlyMatrix(OpBuilder &b, linalg::BatchMatmulOp op) {
  Value weight = op.getInputs()[1];
  auto type = cast<RankedTensorType>(weight.getType());
  if (!isLayer(op) || type.getDimSize(0) != 1)
    return Value();
  return tensor::CollapseShapeOp::create(
      b, op.getLoc(), weight, SmallVector<ReassociationIndices>{{0, 1}, {2}});
}

/// x [B, M, K] times w [K, N] is [B * M, K] times w.
static LogicalResult flattenLinear(linalg::BatchMatmulOp op,
                                   PatternRewriter &rewriter) {
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  if (op.hasUserDefinedMaps() || !type.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "is no plain product");
  Value matrix = getRepeatedMatrix(op.getInputs()[1]);
  if (!matrix)
    matrix = getOnlyMatrix(rewriter, op);
  if (!matrix)
    return rewriter.notifyMatchFailure(op, "factor differs between samples");
  Location loc = op.getLoc();
  Value rows = flattenRows(rewriter, loc, op.getInputs()[0]);
  Value init = flattenRows(rewriter, loc, op.getOutputs()[0]);
  auto product = linalg::MatmulOp::create(
      rewriter, loc, ValueRange{rows, matrix}, ValueRange{init});
  rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
      op, type, product.getResult(0),
      SmallVector<ReassociationIndices>{{0, 1}, {2}});
  return success();
}

void mlir::pdq::populateFlattenLinearsPatterns(RewritePatternSet &patterns) {
  patterns.add(flattenLinear);
}
