// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of tensor operations, in the order of their names.

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
    int64_t offset = 0, dim = op.getDim();
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      auto type = cast<RankedTensorType>(input.getType());
      if (type.isDynamicDim(dim))
        return op.emitOpError("concatenates inputs of dynamic size; its "
                              "derivative needs static sizes");
      SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
      offsets[dim] = b.getIndexAttr(offset);
      offset += type.getDimSize(dim);
      if (needed[i])
        contributions[i] = tensor::ExtractSliceOp::create(
            b, op.getLoc(), type, cotangent, offsets,
            tensor::getMixedSizes(b, op.getLoc(), input),
            getUnitStrides(b, type.getRank()));
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

struct PadVJP : TensorModel<PadVJP, tensor::PadOp> {
  LogicalResult build(tensor::PadOp op, OpBuilder &b, Value cotangent,
                      ArrayRef<bool>, Contributions contributions) const {
    contributions[0] = tensor::ExtractSliceOp::create(
        b, op.getLoc(), op.getSourceType(), cotangent, op.getMixedLowPad(),
        tensor::getMixedSizes(b, op.getLoc(), op.getSource()),
        getUnitStrides(b, op.getSourceType().getRank()));
    return success();
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
  });
}
} // namespace mlir::pdq
