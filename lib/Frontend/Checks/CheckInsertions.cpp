// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A transposed convolution inserts its input into zeros, `stride` apart. Where
// the input was padded, upstream's canonicalizer moves the insertion to a wrong
// place (docs/UpstreamReports.md). We leave that pattern out; frontends run it
// when they export. What they hand over then is a valid module that computes
// something else, and the zeros around the insertion are all that tells.

#include "pdq/Frontend/Checks/CheckInsertions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

/// How far a convolution reaches along a dimension of its input: dilation times
/// filter size - 1; nothing where it has a stride or slides no filter there.
static std::optional<int64_t> getReach(linalg::LinalgOp convolution,
                                       int64_t dim) {
  AffineMap map =
      convolution.getMatchingIndexingMap(convolution.getDpsInputOperand(0));
  auto sum = dyn_cast<AffineBinaryOpExpr>(map.getResult(dim));
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto output = dyn_cast<AffineDimExpr>(sum.getLHS());
  AffineExpr filter = sum.getRHS();
  int64_t dilation = 1;
  if (auto product = dyn_cast<AffineBinaryOpExpr>(filter)) {
    auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
    if (product.getKind() != AffineExprKind::Mul || !factor)
      return std::nullopt;
    dilation = factor.getValue();
    filter = product.getLHS();
  }
  auto position = dyn_cast<AffineDimExpr>(filter);
  if (!output || !position)
    return std::nullopt;
  return dilation *
         (convolution.getStaticLoopRanges()[position.getPosition()] - 1);
}

/// The dimension of an expanded or collapsed value that dimension `dim` becomes
/// as it is; nothing where it is split or merged.
static std::optional<int64_t> followDim(Operation *view, int64_t dim) {
  bool expands = isa<tensor::ExpandShapeOp>(view);
  auto groups =
      expands ? cast<tensor::ExpandShapeOp>(view).getReassociationIndices()
              : cast<tensor::CollapseShapeOp>(view).getReassociationIndices();
  for (auto [whole, group] : llvm::enumerate(groups)) {
    if (expands && static_cast<int64_t>(whole) == dim)
      return group.size() == 1 ? std::optional(group[0]) : std::nullopt;
    if (!expands && llvm::is_contained(group, dim))
      return group.size() == 1 ? std::optional<int64_t>(whole) : std::nullopt;
  }
  return std::nullopt;
}

/// How far the convolution behind an insertion reaches along a dimension.
static std::optional<int64_t> getReachBehind(Value value, int64_t dim) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user)) {
      std::optional<int64_t> followed = followDim(user, dim);
      if (!followed)
        return std::nullopt;
      dim = *followed;
      value = user->getResult(0);
      continue;
    }
    auto convolution = dyn_cast<linalg::LinalgOp>(user);
    if (!isMultiplyAccumulate(user) ||
        convolution.getDpsInputOperand(0)->get() != value)
      return std::nullopt;
    return getReach(convolution, dim);
  }
  return std::nullopt;
}

static bool isZeroFilled(Value value) {
  FloatAttr filled;
  auto fill = value.getDefiningOp<linalg::FillOp>();
  if (fill && matchPattern(fill.getInputs()[0], m_Constant(&filled)))
    return filled.getValue().isZero();
  return matchPattern(value, m_AnyZeroFloat());
}

static LogicalResult checkInsertion(tensor::InsertSliceOp op) {
  RankedTensorType source = op.getSourceType(), dest = op.getDestType();
  if (source.getRank() != dest.getRank() || !source.hasStaticShape() ||
      !dest.hasStaticShape() || !isZeroFilled(op.getDest()))
    return success();
  for (int64_t dim = 0; dim < dest.getRank(); ++dim) {
    int64_t stride = op.getStaticStrides()[dim],
            front = op.getStaticOffsets()[dim];
    if (ShapedType::isDynamic(stride) || ShapedType::isDynamic(front) ||
        stride < 2)
      continue;
    std::optional<int64_t> reach = getReachBehind(op.getResult(), dim);
    int64_t behind = dest.getDimSize(dim) - front -
                     (source.getDimSize(dim) - 1) * stride - 1;
    if (!reach || (front <= *reach && behind - front < stride))
      continue;
    return op.emitOpError("leaves ")
           << front << " zeros in front and " << behind
           << " behind along dimension " << dim
           << ", which no transposed convolution with stride " << stride
           << " does: a padding in front of one was moved by upstream's "
              "canonicalizer (docs/UpstreamReports.md); export with "
              "pdq.torch.export, or put such zeros around with tensor.pad";
  }
  return success();
}

LogicalResult mlir::pdq::checkInsertions(func::FuncOp network) {
  WalkResult result = network.walk([](tensor::InsertSliceOp op) {
    return failed(checkInsertion(op)) ? WalkResult::interrupt()
                                      : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
