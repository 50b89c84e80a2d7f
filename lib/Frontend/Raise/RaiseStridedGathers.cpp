// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A gather reads data through an index tensor that repeats the batch, which no
// later stage could follow; as a slice it is one operation with a derivative.

#include "pdq/Frontend/Raise/RaiseStridedGathers.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// The indices [W] that a constant, or a constant tiled along dimension 0,
/// repeats for every row; nothing where rows differ.
static std::optional<SmallVector<int64_t>> getRepeatedRow(Value indices) {
  auto type = dyn_cast<RankedTensorType>(indices.getType());
  if (!type || !type.hasStaticShape() || type.getRank() != 2)
    return std::nullopt;
  int64_t width = type.getDimSize(1);
  if (auto tile = indices.getDefiningOp<tosa::TileOp>())
    indices = tile.getInput1();
  DenseIntElementsAttr constant;
  if (!matchPattern(indices, m_Constant(&constant)) ||
      constant.getType().getRank() != 2 ||
      constant.getType().getDimSize(1) != width)
    return std::nullopt;
  SmallVector<int64_t> row;
  for (auto [position, value] : llvm::enumerate(constant.getValues<APInt>())) {
    int64_t index = value.getSExtValue();
    if (static_cast<int64_t>(position) < width)
      row.push_back(index);
    else if (row[position % width] != index)
      return std::nullopt;
  }
  return row;
}

/// values [N, K, C] at indices [N, W] = first + stride * w becomes
/// values[:, first : : stride, :].
static LogicalResult raiseStridedGather(tosa::GatherOp op,
                                        PatternRewriter &rewriter) {
  auto values = dyn_cast<RankedTensorType>(op.getValues().getType());
  if (!values || !values.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "values have no static shape");
  std::optional<SmallVector<int64_t>> row = getRepeatedRow(op.getIndices());
  if (!row || row->empty())
    return rewriter.notifyMatchFailure(op, "indices are no repeated constant");
  int64_t first = row->front();
  int64_t stride = row->size() > 1 ? (*row)[1] - first : 1;
  if (stride < 1 || first < 0 || row->back() >= values.getDimSize(1))
    return rewriter.notifyMatchFailure(op, "indices do not ascend in range");
  for (auto [position, index] : llvm::enumerate(*row))
    if (index != first + stride * static_cast<int64_t>(position))
      return rewriter.notifyMatchFailure(op, "indices are no progression");
  auto attribute = [&](int64_t value) -> OpFoldResult {
    return rewriter.getIndexAttr(value);
  };
  SmallVector<OpFoldResult> offsets{attribute(0), attribute(first),
                                    attribute(0)};
  SmallVector<OpFoldResult> sizes{attribute(values.getDimSize(0)),
                                  attribute(static_cast<int64_t>(row->size())),
                                  attribute(values.getDimSize(2))};
  SmallVector<OpFoldResult> strides{attribute(1), attribute(stride),
                                    attribute(1)};
  rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, op.getValues(),
                                                      offsets, sizes, strides);
  return success();
}

void mlir::pdq::populateRaiseStridedGathersPatterns(
    RewritePatternSet &patterns) {
  patterns.add(raiseStridedGather);
}
