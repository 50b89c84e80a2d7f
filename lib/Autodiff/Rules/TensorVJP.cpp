// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of tensor operations, in the order of their names.

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Autodiff/TensorBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Adapts the common signature for one operation.
template <typename Model, typename OpTy>
struct TensorModel : DifferentiableOpInterface::ExternalModel<Model, OpTy> {
  LogicalResult buildVJP(Operation *op, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    return static_cast<const Model *>(this)->build(
        cast<OpTy>(op), builder, cotangents.front(), needed, contributions);
  }
};

using Contributions = SmallVectorImpl<Value> &;

SmallVector<OpFoldResult> getUnitStrides(OpBuilder &b, int64_t rank) {
  return SmallVector<OpFoldResult>(rank, b.getIndexAttr(1));
}

/// The sum of two sizes; a number where both are known.
OpFoldResult addSizes(OpBuilder &b, Location loc, OpFoldResult lhs,
                      OpFoldResult rhs) {
  std::optional<int64_t> left = getConstantIntValue(lhs),
                         right = getConstantIntValue(rhs);
  if (left && right)
    return b.getIndexAttr(*left + *right);
  return arith::AddIOp::create(b, loc,
                               getValueOrCreateConstantIndexOp(b, loc, lhs),
                               getValueOrCreateConstantIndexOp(b, loc, rhs))
      .getResult();
}

struct CastVJP : TensorModel<CastVJP, tensor::CastOp> {
  LogicalResult build(tensor::CastOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    contributions[0] = tensor::CastOp::create(
        b, op.getLoc(), op.getSource().getType(), cotangent);
    return success();
  }
};

struct CollapseShapeVJP
    : TensorModel<CollapseShapeVJP, tensor::CollapseShapeOp> {
  LogicalResult build(tensor::CollapseShapeOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    contributions[0] = tensor::ExpandShapeOp::create(
        b, op.getLoc(), op.getSrcType(), cotangent,
        op.getReassociationIndices(),
        tensor::getMixedSizes(b, op.getLoc(), op.getSrc()));
    return success();
  }
};

struct ConcatVJP : TensorModel<ConcatVJP, tensor::ConcatOp> {
  LogicalResult build(tensor::ConcatOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool> needed,
                      Contributions contributions) const {
    int64_t dim = op.getDim();
    OpFoldResult offset = b.getIndexAttr(0);
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      auto type = cast<RankedTensorType>(input.getType());
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(b, op.getLoc(), input);
      SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
      offsets[dim] = offset;
      if (needed[i])
        contributions[i] = tensor::ExtractSliceOp::create(
            b, op.getLoc(), type, cotangent, offsets, sizes,
            getUnitStrides(b, type.getRank()));
      offset = addSizes(b, op.getLoc(), offset, sizes[dim]);
    }
    return success();
  }
};

struct ExpandShapeVJP : TensorModel<ExpandShapeVJP, tensor::ExpandShapeOp> {
  LogicalResult build(tensor::ExpandShapeOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    contributions[0] = tensor::CollapseShapeOp::create(
        b, op.getLoc(), op.getSrcType(), cotangent,
        op.getReassociationIndices());
    return success();
  }
};

struct ExtractSliceVJP : TensorModel<ExtractSliceVJP, tensor::ExtractSliceOp> {
  LogicalResult build(tensor::ExtractSliceOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    contributions[0] = tensor::InsertSliceOp::create(
        b, op.getLoc(), cotangent,
        buildZerosLike(b, op.getLoc(), op.getSource()), op.getMixedOffsets(),
        op.getMixedSizes(), op.getMixedStrides());
    return success();
  }
};

struct InsertSliceVJP : TensorModel<InsertSliceVJP, tensor::InsertSliceOp> {
  LogicalResult build(tensor::InsertSliceOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool> needed,
                      Contributions contributions) const {
    if (needed[0])
      contributions[0] = tensor::ExtractSliceOp::create(
          b, op.getLoc(), op.getSourceType(), cotangent, op.getMixedOffsets(),
          op.getMixedSizes(), op.getMixedStrides());
    if (needed[1])
      contributions[1] = tensor::InsertSliceOp::create(
          b, op.getLoc(), buildZerosLike(b, op.getLoc(), op.getSource()),
          cotangent, op.getMixedOffsets(), op.getMixedSizes(),
          op.getMixedStrides());
    return success();
  }
};

/// A negative width takes something away, which has no derivative.
struct PadVJP : TensorModel<PadVJP, tensor::PadOp> {
  LogicalResult build(tensor::PadOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    RankedTensorType source = op.getSourceType();
    SmallVector<OpFoldResult> offsets, cropped,
        sizes = tensor::getMixedSizes(b, op.getLoc(), op.getSource());
    bool crops = false;
    for (auto [dim, widths] : llvm::enumerate(
             llvm::zip_equal(op.getMixedLowPad(), op.getMixedHighPad()))) {
      auto [low, high] = widths;
      int64_t before =
          std::min<int64_t>(getConstantIntValue(low).value_or(0), 0);
      int64_t after =
          std::min<int64_t>(getConstantIntValue(high).value_or(0), 0);
      offsets.push_back(before < 0 ? b.getIndexAttr(0) : low);
      cropped.push_back(b.getIndexAttr(-before));
      if (before == 0 && after == 0)
        continue;
      crops = true;
      int64_t size = source.getDimSize(dim) + before + after;
      if (source.isDynamicDim(dim) || size < 0)
        return op.emitOpError("takes away from a dimension of unknown size; "
                              "its derivative needs a static size");
      sizes[dim] = b.getIndexAttr(size);
    }
    SmallVector<OpFoldResult> strides = getUnitStrides(b, source.getRank());
    Value kept = tensor::ExtractSliceOp::create(b, op.getLoc(), cotangent,
                                                offsets, sizes, strides);
    contributions[0] = crops
                           ? tensor::InsertSliceOp::create(
                                 b, op.getLoc(), kept,
                                 buildZerosLike(b, op.getLoc(), op.getSource()),
                                 cropped, sizes, strides)
                                 .getResult()
                           : kept;
    return success();
  }
};

struct ReshapeVJP : TensorModel<ReshapeVJP, tensor::ReshapeOp> {
  LogicalResult build(tensor::ReshapeOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    auto result = dyn_cast<RankedTensorType>(cotangent.getType());
    if (!source || !result || !source.hasStaticShape() ||
        !result.hasStaticShape())
      return op.emitOpError(
          "has a dynamic shape; its derivative needs static shapes");
    auto flat = RankedTensorType::get({source.getNumElements()},
                                      source.getElementType());
    Value elements = reshape(b, op.getLoc(), flat, cotangent);
    contributions[0] = reshape(b, op.getLoc(), source, elements);
    return success();
  }

private:
  /// One of the types has rank 1.
  static Value reshape(OpBuilder &b, Location loc, RankedTensorType type,
                       Value value) {
    auto from = cast<RankedTensorType>(value.getType());
    if (from == type)
      return value;
    SmallVector<ReassociationIndices> all;
    int64_t rank = std::max(from.getRank(), type.getRank());
    if (std::min(from.getRank(), type.getRank()) > 0)
      all.emplace_back(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
    if (from.getRank() > type.getRank())
      return tensor::CollapseShapeOp::create(b, loc, type, value, all);
    return tensor::ExpandShapeOp::create(b, loc, type, value, all);
  }
};
} // namespace

namespace mlir::pdq {
void registerTensorVJPs(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::CastOp::attachInterface<CastVJP>(*context);
    tensor::CollapseShapeOp::attachInterface<CollapseShapeVJP>(*context);
    tensor::ConcatOp::attachInterface<ConcatVJP>(*context);
    tensor::ExpandShapeOp::attachInterface<ExpandShapeVJP>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractSliceVJP>(*context);
    tensor::InsertSliceOp::attachInterface<InsertSliceVJP>(*context);
    tensor::PadOp::attachInterface<PadVJP>(*context);
    tensor::ReshapeOp::attachInterface<ReshapeVJP>(*context);
  });
}
} // namespace mlir::pdq
