// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk behind `rebatch`, one block at a time.

#ifndef PDQ_LIB_NETWORK_REBATCH_BLOCKREBATCHER_H
#define PDQ_LIB_NETWORK_REBATCH_BLOCKREBATCHER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"

namespace mlir::pdq {

/// Rebatches one block. Each operation is followed in place, where the batch is
/// a dimension or a factor of one. Where that fails and the batch was 1, the
/// operation is applied to each sample: to values with the batch in front of
/// their own dimensions.
class BlockRebatcher {
public:
  BlockRebatcher(Block &block, int64_t batch) : block(block), batch(batch) {}

  /// Tracks an argument whose dimension 0 carries the batch.
  void addArgument(BlockArgument argument, int64_t factor);
  LogicalResult run();
  /// The factor of the batch in dimension 0 of a result; 0 where it has none.
  FailureOr<int64_t> getLeadingFactor(Value value);
  const BatchDims &getDims() const { return dims; }

private:
  /// Reshapes between static shapes go by way of one dimension.
  void lowerReshapes();
  // In place.
  LogicalResult visit(Operation *op);
  LogicalResult visitInPlace(Operation *op);
  LogicalResult visitExpand(tensor::ExpandShapeOp op);
  LogicalResult visitCollapse(tensor::CollapseShapeOp op);
  LogicalResult visitExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult visitInsertSlice(tensor::InsertSliceOp op);
  LogicalResult visitPad(tensor::PadOp op);
  LogicalResult visitConcat(tensor::ConcatOp op);
  LogicalResult visitStack(tensor::ConcatOp op, BatchDim place);
  LogicalResult visitCast(tensor::CastOp op);
  LogicalResult visitDim(tensor::DimOp op);
  LogicalResult visitRegion(RegionOp op);
  LogicalResult visitSameShape(Operation *op);

  // Structured operations in place.
  /// The loop over the batch, whose range is that of a dimension.
  struct BatchLoop {
    unsigned loop;
    BatchDim place;
  };
  LogicalResult visitStructured(linalg::LinalgOp op);
  LogicalResult addCandidate(linalg::LinalgOp op, AffineMap map, BatchDim place,
                             std::optional<BatchLoop> &found);
  LogicalResult addRead(linalg::LinalgOp op, tensor::ExtractOp read,
                        std::optional<BatchLoop> &found);
  LogicalResult checkCaptured(linalg::LinalgOp op);
  FailureOr<BatchLoop> findBatchLoop(linalg::LinalgOp op);
  LogicalResult checkMaps(linalg::LinalgOp op, const BatchLoop &loop);
  FailureOr<OpOperand *> adaptRead(linalg::LinalgOp op, tensor::ExtractOp read,
                                   const BatchLoop &loop);
  LogicalResult rewriteReads(linalg::LinalgOp op, const BatchLoop &loop);
  LogicalResult adaptOperands(linalg::LinalgOp op, const BatchLoop &loop);
  bool shareOperand(OpOperand &operand, BatchDim place);

  // One sample at a time: values with the batch in front.
  LogicalResult visitPerSample(Operation *op);
  LogicalResult applyStructured(linalg::LinalgOp op);
  LogicalResult applyExpand(tensor::ExpandShapeOp op);
  LogicalResult applyCollapse(tensor::CollapseShapeOp op);
  LogicalResult applyExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult applyInsertSlice(tensor::InsertSliceOp op);
  LogicalResult applyPad(tensor::PadOp op);
  LogicalResult applyConcat(tensor::ConcatOp op);
  Value buildLeading(OpBuilder &builder, Value value);
  Value buildLeadingInit(OpBuilder &builder, Value value, bool isRead);
  RankedTensorType getLeadingType(Type type) const;
  void replaceByLeading(Operation *op, ValueRange values);
  void moveBatchFirst(OpOperand &result);

  // Values that were made without looking at data: an equal value whose
  // dimension carries the batch.
  FailureOr<Value> rebuild(Value value, BatchDim place, OpBuilder &builder);
  FailureOr<Value> rebuildConstant(arith::ConstantOp op, BatchDim place,
                                   OpBuilder &builder);
  FailureOr<Value> rebuildStructured(linalg::LinalgOp op, BatchDim place,
                                     OpBuilder &builder);
  FailureOr<Value> rebuildCollapse(tensor::CollapseShapeOp op, BatchDim place,
                                   OpBuilder &builder);
  FailureOr<Value> rebuildExpand(tensor::ExpandShapeOp op, BatchDim place,
                                 OpBuilder &builder);
  FailureOr<Value> rebuildExtractSlice(tensor::ExtractSliceOp op,
                                       BatchDim place, OpBuilder &builder);
  FailureOr<Value> rebuildInsertSlice(tensor::InsertSliceOp op, BatchDim place,
                                      OpBuilder &builder);
  FailureOr<Value> rebuildPad(tensor::PadOp op, BatchDim place,
                              OpBuilder &builder);
  FailureOr<Value> rebuildConcat(tensor::ConcatOp op, BatchDim place,
                                 OpBuilder &builder);
  FailureOr<Value> rebuildOperation(Operation *op, BatchDim place,
                                    OpBuilder &builder);
  Value repeat(Value value, BatchDim place, OpBuilder &builder);
  LogicalResult adaptOperand(OpOperand &operand, BatchDim place);

  /// The member of a group of dimensions of these sizes, merged into `place`,
  /// that carries the batch: the slowest one that it can fill, with as little
  /// in front of it as there can be. What stands in front of that member is a
  /// part of what stands in front of the batch.
  static std::optional<std::pair<unsigned, BatchDim>>
  splitPlace(ArrayRef<int64_t> sizes, BatchDim place);
  /// `map` with 0 as result `dim`.
  static AffineMap readFirst(AffineMap map, int64_t dim);
  /// Remembers the first reason why an operation cannot be followed.
  LogicalResult refuse(Location loc, const Twine &reason);
  LogicalResult refuse(Operation *op, const Twine &reason);
  RankedTensorType getType(RankedTensorType type, BatchDim place) const;
  OpFoldResult getSize(OpBuilder &builder, Location loc, int64_t factor);
  bool isTracked(Value value) const { return dims.contains(value); }
  bool isAdded(Value value) const { return dims.lookup(value).isAdded; }
  void track(Value value, BatchDim place) {
    value.setType(getType(cast<RankedTensorType>(value.getType()), place));
    dims.insert({value, place});
  }
  /// Lets a new operation's result stand for that of `op`.
  void replace(Operation *op, Value value, BatchDim place);

  Block &block;
  int64_t batch;
  /// The size that dimension 0 of the data had.
  int64_t oldBatch = ShapedType::kDynamic;
  BlockArgument source;
  BatchDims dims;
  /// Values with the batch in front that were built already.
  DenseMap<Value, Value> leading;
  std::optional<std::pair<Location, std::string>> refusal;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_NETWORK_REBATCH_BLOCKREBATCHER_H
