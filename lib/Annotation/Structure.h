// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of a network are: layers, elementwise operations, views;
// and which of them lie on the data path.

#ifndef PDQ_ANNOTATION_STRUCTURE_H
#define PDQ_ANNOTATION_STRUCTURE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::pdq {

/// Whether `op` is a structured operation that computes each element of its one
/// result from the corresponding elements of its operands (broadcast allowed).
bool isElementwise(Operation *op);

/// Whether `op` only renames the elements of its one operand: reshapes, casts
/// and transposes.
bool isView(Operation *op);

/// The operand that a view renames.
Value getViewSource(Operation *view);

/// Whether `op` sums products of its two inputs: convolutions and matrix
/// products, whatever they read.
bool isMultiplyAccumulate(Operation *op);

/// Whether `op` is a convolution or a matrix product with a constant filter:
/// multiply-accumulate over an input and a weight.
bool isLayer(Operation *op);

/// Whether `op` is a product of two tensors that are no constants, as in
/// attention.
bool isDataProduct(Operation *op);

/// Selects, maxima and minima in the payload of an elementwise operation.
unsigned countBounds(Operation *op);

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
};

/// The weight of a layer; failure where it is no constant, or where output
/// channels are not one dimension of it. Makes them one again where
/// canonicalization has folded the view that splits them into groups.
FailureOr<LayerWeight> findWeight(linalg::LinalgOp layer);

/// Dimensions of a layer's result that index output channels.
SmallVector<int64_t> getChannelDims(linalg::LinalgOp layer);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_STRUCTURE_H
