// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values products read, and so which activations are quantized. The rule
// stands in docs/Rationale.md, "Where activations are quantized".

#ifndef PDQ_ANNOTATION_QUANTIZERS_PRODUCTINPUTS_H
#define PDQ_ANNOTATION_QUANTIZERS_PRODUCTINPUTS_H

#include "pdq/Network/Layers/Structure.h"

namespace mlir::pdq {

/// Whether each element of the result is an element of an operand, the maximum
/// or the sum of some, up to a constant factor: views, padding, slices,
/// concatenations, broadcasts, poolings. A quantizer in front quantizes what is
/// behind it too.
bool isSameScale(Operation *op);

/// The value that stands for `value` on the other side of a region's border:
/// the input of an argument, the yielded value of the quantized body of a
/// result; otherwise `value`.
Value lookThroughRegion(Value value);

/// Where the elements that an operand reads come from, followed back through
/// same-scale operations and the borders of regions.
struct ProductInput {
  /// Values that are computed by other operations (fake_quant among them): what
  /// is to be quantized, or is.
  SmallVector<Value> computed;
  /// The network's input, or an elementwise function of it (a normalization of
  /// images), as a region reads or computes it.
  SmallVector<Value> networkInputs;
};

/// Products of a network and where they read from. What was followed once is
/// known, so the network must not change in between.
class ProductInputFinder {
public:
  /// With `stopsAtAverages` values are followed back through operations that
  /// move or select elements only: averages and factors give new values, which
  /// have no integers.
  explicit ProductInputFinder(bool stopsAtAverages = false)
      : stopsAtAverages(stopsAtAverages) {}

  /// The data that an average adds up; nothing for other operations.
  SmallVector<OpOperand *> getAveraged(Operation *op);

  /// The operands of a sum of two activations; none of other operations.
  SmallVector<OpOperand *> getSummands(Operation *op);

  /// The operands of a product that are data: one of a layer, both of a product
  /// as in attention; none of products that do not depend on data.
  SmallVector<OpOperand *> getDataOperands(linalg::LinalgOp product);

  ProductInput find(OpOperand &operand);

  /// Whether all elements of `value` come from values of `quantized` or from
  /// the network's input, through same-scale operations.
  bool isCovered(Value value, const DenseSet<Value> &quantized);

private:
  bool isData(Value value);
  bool isNetworkInput(Value value);
  SmallVector<Value> getFloatData(Operation *op);

  bool isFollowed(Operation *op, bool isDataProductOperand) const;

  bool stopsAtAverages;
  DenseMap<Block *, std::unique_ptr<DataPath>> paths;
  DenseMap<Value, bool> networkInputs;
};

/// The operations that compute what products read, each from the last product
/// or the last other value that is to be quantized: normalizations, activation
/// functions, sums. A region must hold them to hold their quantizer.
DenseSet<Operation *> findInputComputations(const DataPath &path);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_QUANTIZERS_PRODUCTINPUTS_H
