// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk behind `makeDynamic`.

#ifndef PDQ_LIB_NETWORK_RESIZE_BLOCKRESIZER_H
#define PDQ_LIB_NETWORK_RESIZE_BLOCKRESIZER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Network/Resize/Resize.h"

namespace mlir::pdq {

/// Sizes of a value: an expression in the dynamic sizes of the arguments, one
/// symbol each, for every dimension.
using Sizes = SmallVector<AffineExpr>;

/// Makes sizes of one block dynamic. Values on the data path that have a
/// dynamic size are tracked; all others are as they were.
class BlockResizer {
public:
  explicit BlockResizer(Block &block)
      : block(block), builder(block.getParent()->getContext()) {}

  /// Gives an argument the type `type`.
  void addArgument(BlockArgument argument, RankedTensorType type);
  /// Walks the block; fails where an operation refuses.
  LogicalResult run();
  const std::optional<ResizeNote> &getRefusal() const { return refusal; }
  const std::optional<ResizeNote> &getDoubt() const { return doubt; }

private:
  // Sizes.
  AffineExpr addSymbol(BlockArgument argument, unsigned dim);
  /// The size at the sizes that the function had.
  int64_t evaluate(AffineExpr size) const;
  Sizes getSizes(Value value) const;
  bool isTracked(Value value) const { return tracked.contains(value); }
  RankedTensorType getType(RankedTensorType type, ArrayRef<AffineExpr> sizes);
  OpFoldResult buildSize(OpBuilder &b, Location loc, AffineExpr size);
  SmallVector<OpFoldResult> buildSizes(OpBuilder &b, Location loc,
                                       ArrayRef<AffineExpr> sizes);
  /// Gives `value` its type; it is tracked where a size is dynamic.
  void track(Value value, Sizes sizes);
  void replace(Operation *op, Value value, Sizes sizes);

  // Operations, one after the other.
  LogicalResult visit(Operation *op);
  LogicalResult visitSameShape(Operation *op);
  LogicalResult visitPad(tensor::PadOp op);
  LogicalResult visitCollapse(tensor::CollapseShapeOp op);
  LogicalResult visitExpand(tensor::ExpandShapeOp op);
  LogicalResult visitExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult visitInsertSlice(tensor::InsertSliceOp op);
  LogicalResult visitConcat(tensor::ConcatOp op);
  LogicalResult visitCast(tensor::CastOp op);
  /// The sizes of a group of dimensions, `old` in the function as it was, whose
  /// product is `size`.
  FailureOr<Sizes> splitSize(AffineExpr size, ArrayRef<int64_t> old);
  /// The part that a slice takes along a dimension of `size` elements.
  FailureOr<AffineExpr> sliceSize(tensor::ExtractSliceOp op, int64_t dim,
                                  AffineExpr size);

  // Structured operations.
  LogicalResult visitStructured(linalg::LinalgOp op);
  LogicalResult checkPayload(linalg::LinalgOp op);
  void addPositionDoubt(linalg::LinalgOp op, ArrayRef<AffineExpr> ranges);
  /// The range of each loop.
  FailureOr<Sizes> getRanges(linalg::LinalgOp op);
  void addWholeRanges(linalg::LinalgOp op, Sizes &ranges);
  LogicalResult addWindowRanges(linalg::LinalgOp op, Sizes &ranges);
  /// The range of the one loop of `expr` that has none, where `expr` reads all
  /// of `size` elements.
  FailureOr<std::pair<unsigned, AffineExpr>>
  solveRange(AffineExpr expr, AffineExpr size, ArrayRef<AffineExpr> ranges);
  LogicalResult adaptOperands(linalg::LinalgOp op, ArrayRef<AffineExpr> ranges);

  // Divisors.
  void countElements(linalg::LinalgOp op, ArrayRef<AffineExpr> ranges);
  void keepCount(Operation *op);
  void computeDivisors(linalg::LinalgOp op);
  Value buildCount(OpBuilder &b, Location loc, AffineExpr count, Type type);

  // Values that have a size in their shape and do not come from what is
  // tracked: an equal value of other sizes.
  FailureOr<Value> rebuild(Value value, ArrayRef<AffineExpr> sizes);
  FailureOr<Value> rebuildStructured(linalg::LinalgOp op,
                                     ArrayRef<AffineExpr> sizes);
  LogicalResult adaptOperand(OpOperand &operand, ArrayRef<AffineExpr> sizes);

  LogicalResult refuse(Operation *op, const Twine &reason);
  /// Remembers the first operation whose reading is only the likely one.
  void addDoubt(Operation *op, const Twine &reason);

  AffineExpr constant(int64_t value) {
    return builder.getAffineConstantExpr(value);
  }

  Block &block;
  Builder builder;
  /// The sizes of the symbols, in the function as it was, and as values.
  SmallVector<int64_t> oldSizes;
  SmallVector<Value> newSizes;
  std::optional<unsigned> batch;
  DenseMap<Value, Sizes> tracked;
  /// How many elements each number of a value is the sum of.
  DenseMap<Value, AffineExpr> counts;
  std::optional<ResizeNote> refusal;
  std::optional<ResizeNote> doubt;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_NETWORK_RESIZE_BLOCKRESIZER_H
