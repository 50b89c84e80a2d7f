// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frontends compute the shape that a view of a dynamic batch gets, from the
// number of all elements. Where all other sizes are known on both sides and
// have the same product, the batch is what it was, whatever the computation is.
// The same holds for views that got a static batch by specialization.

#include "pdq/Frontend/Raise/RaiseReshapes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements of one sample of `type` [N, ...]; nothing for other types.
static std::optional<int64_t> countSample(RankedTensorType type) {
  if (!type || type.getRank() < 2)
    return std::nullopt;
  int64_t count = 1;
  for (int64_t size : type.getShape().drop_front())
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count))
      return std::nullopt;
  // Without elements nothing tells the batch.
  return count > 0 ? std::optional(count) : std::nullopt;
}

/// {{0}, {1, ..., rank - 1}}
static SmallVector<ReassociationIndices> groupSample(int64_t rank) {
  SmallVector<ReassociationIndices> groups(2);
  groups[0].push_back(0);
  llvm::append_range(groups[1], llvm::seq<int64_t>(1, rank));
  return groups;
}

namespace {
struct RaiseReshape : OpRewritePattern<tensor::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    auto result = dyn_cast<RankedTensorType>(op.getType());
    std::optional<int64_t> count = countSample(source);
    if (!count || count != countSample(result) ||
        source.getDimSize(0) != result.getDimSize(0))
      return rewriter.notifyMatchFailure(op, "reshapes the batch too");
    Location loc = op.getLoc();
    Value value = op.getSource();
    if (source.getRank() > 2)
      value = tensor::CollapseShapeOp::create(
          rewriter, loc,
          RankedTensorType::get({source.getDimSize(0), *count},
                                source.getElementType()),
          value, groupSample(source.getRank()));
    if (result.getRank() > 2) {
      SmallVector<OpFoldResult> sizes = {
          tensor::getMixedSize(rewriter, loc, op.getSource(), 0)};
      for (int64_t size : result.getShape().drop_front())
        sizes.push_back(rewriter.getIndexAttr(size));
      value = tensor::ExpandShapeOp::create(
          rewriter, loc, result, value, groupSample(result.getRank()), sizes);
    }
    rewriter.replaceOp(op, value);
    return success();
  }
};
} // namespace

void mlir::pdq::populateRaiseReshapesPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseReshape>(patterns.getContext());
}
