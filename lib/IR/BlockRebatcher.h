// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk behind `rebatch`, one block at a time.

#ifndef PDQ_LIB_IR_BLOCKREBATCHER_H
#define PDQ_LIB_IR_BLOCKREBATCHER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// Where a value carries the batch: dimension `dim` has `factor` times its
/// size. `outer` of the factor stands in front of the batch, as where tokens
/// and batch merge: [tokens, batch] -> [tokens * batch].
struct BatchDim {
  int64_t dim;
  int64_t factor;
  int64_t outer = 1;
};

/// Rebatches one block.
class BlockRebatcher {
public:
  BlockRebatcher(Block &block, int64_t batch) : block(block), batch(batch) {}

  /// Tracks an argument whose dimension 0 carries the batch.
  void addArgument(BlockArgument argument, int64_t factor);
  LogicalResult run();
  /// The factor of the batch in dimension 0 of a result; 0 where it has none.
  FailureOr<int64_t> getLeadingFactor(Value value);

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitStructured(linalg::LinalgOp op);
  LogicalResult visitExpand(tensor::ExpandShapeOp op);
  LogicalResult visitCollapse(tensor::CollapseShapeOp op);
  LogicalResult visitExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult visitInsertSlice(tensor::InsertSliceOp op);
  LogicalResult visitPad(tensor::PadOp op);
  LogicalResult visitConcat(tensor::ConcatOp op);
  LogicalResult visitCast(tensor::CastOp op);
  LogicalResult visitDim(tensor::DimOp op);
  LogicalResult visitRegion(RegionOp op);
  LogicalResult visitSameShape(Operation *op);

  /// Makes an equal value whose dimension carries the batch, where `value` was
  /// made without looking at data.
  FailureOr<Value> rebuild(Value value, BatchDim place, OpBuilder &builder);
  FailureOr<Value> rebuildCollapse(tensor::CollapseShapeOp op, BatchDim place,
                                   OpBuilder &builder);
  FailureOr<Value> rebuildExpand(tensor::ExpandShapeOp op, BatchDim place,
                                 OpBuilder &builder);
  Value repeat(Value value, BatchDim place, OpBuilder &builder);
  LogicalResult adaptOperand(OpOperand &operand, BatchDim place);
  bool shareOperand(OpOperand &operand, BatchDim place);
  /// `map` with 0 as result `dim`.
  static AffineMap readFirst(AffineMap map, int64_t dim);

  RankedTensorType getType(RankedTensorType type, BatchDim place) const;
  OpFoldResult getSize(OpBuilder &builder, Location loc, int64_t factor);
  bool isTracked(Value value) const { return dims.contains(value); }
  void track(Value value, BatchDim place) {
    value.setType(getType(cast<RankedTensorType>(value.getType()), place));
    dims.insert({value, place});
  }

  Block &block;
  int64_t batch;
  /// The size that dimension 0 of the data had.
  int64_t oldBatch = ShapedType::kDynamic;
  BlockArgument source;
  DenseMap<Value, BatchDim> dims;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_IR_BLOCKREBATCHER_H
