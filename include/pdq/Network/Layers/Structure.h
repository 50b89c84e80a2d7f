// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of a network are: layers, elementwise operations, views;
// and which of them lie on the data path.

#ifndef PDQ_NETWORK_LAYERS_STRUCTURE_H
#define PDQ_NETWORK_LAYERS_STRUCTURE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::pdq {

/// Whether `op` is a structured operation that computes each element of its one
/// result from one element of each operand. Which one, the maps say: operands
/// may be broadcast, and read in another order (`getOperandIndices`).
bool isElementwise(Operation *op);

/// Whether `op` only renames the elements of its one operand: reshapes, casts
/// and transposes.
bool isView(Operation *op);

/// Whether `op` is a structured operation that copies the elements of its one
/// operand, repeated along dimensions of the result or in another order.
bool isBroadcast(Operation *op);

/// The operand that a view renames.
Value getViewSource(Operation *view);

/// Whether `op` sums products of its two inputs: convolutions and matrix
/// products, whatever they read.
bool isMultiplyAccumulate(Operation *op);

/// Whether a value is a constant that only views stand behind.
bool isConstantBehindViews(Value value);

/// Whether `op` is a convolution or a matrix product of data with a weight, in
/// this order; the weight is a constant behind views.
bool isLayer(Operation *op);

/// Selects, maxima and minima in the payload of an elementwise operation.
unsigned countBounds(Operation *op);

/// All values that an operation reads: its operands, and what its regions
/// capture.
SetVector<Value> getReadValues(Operation *op);

/// The values and operations of a block that depend on its arguments.
class DataPath {
public:
  explicit DataPath(Block &block);

  bool contains(Value value) const { return values.contains(value); }
  ArrayRef<Operation *> getOperations() const { return operations; }
  /// Distinct operands of `op` on the data path.
  SmallVector<Value> getDataOperands(Operation *op) const;

private:
  DenseSet<Value> values;
  SmallVector<Operation *> operations;
};

/// A layer's weight, followed through views to its constant.
struct LayerWeight {
  /// Operand of the layer, and the constant behind it.
  OpOperand *operand;
  Value constant;
  /// Dimension of the constant that indexes output channels.
  int64_t axis;

  /// The views between the constant and the operand, from the operand on.
  SmallVector<Operation *> getViews() const;
};

/// The weight of a layer. Where output channels are not one dimension of its
/// constant, the layer gets a new one that begins with them, behind views; a
/// remark says where there are no output channels. Failure, with an error,
/// where the weight is no constant.
FailureOr<LayerWeight> findWeight(linalg::LinalgOp layer);

/// Dimensions of a layer's result that index output channels.
SmallVector<int64_t> getChannelDims(linalg::LinalgOp layer);

/// For each of these, the dimension of the weight as the layer reads it.
SmallVector<int64_t> getWeightChannelDims(linalg::LinalgOp layer);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_LAYERS_STRUCTURE_H
