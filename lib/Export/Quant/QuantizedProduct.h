// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products that can be computed on integers: what they read, and how large
// their sums become.

#ifndef PDQ_LIB_EXPORT_QUANT_QUANTIZEDPRODUCT_H
#define PDQ_LIB_EXPORT_QUANT_QUANTIZEDPRODUCT_H

#include "QuantArithmetic.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Export/Passes.h"

namespace mlir::pdq {

/// The weight of a product as the product reads it, behind all views.
struct QuantizedWeight {
  /// q_w - z_w in row-major order, and the shape.
  SmallVector<int64_t> centered;
  SmallVector<int64_t> shape;
  /// The output channel of each element.
  SmallVector<int64_t> channels;
  /// Sizes of the weight's dimensions that index output channels, and the
  /// dimensions of the product's result that the same loops index.
  SmallVector<int64_t> channelShape, channelDims;
  /// One scale and zero point an output channel.
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  /// The storage of the integers.
  bool isSigned = false;
  unsigned storageWidth = 0;

  int64_t getNumChannels() const { return scales.size(); }
  /// Terms of each sum.
  int64_t getNumTerms() const { return centered.size() / scales.size(); }
  /// max|q_w - z_w|
  int64_t getMaxMagnitude() const;
  /// The sum of q_w - z_w of each channel.
  SmallVector<int64_t> getSums() const;
};

struct WeightSource;

/// A product sum (q_x - z_x) s_x (q_w - z_w) s_w of a quantized activation and
/// a quantized constant.
struct QuantizedProduct {
  linalg::LinalgOp op;
  quant::QuantizedType activationType;
  UniformParameters activation;
  /// The dequantized activation, and the operations that move its elements to
  /// the product, the last one first.
  Value dequantized;
  SmallVector<Operation *> moves;
  QuantizedWeight weight;

  /// max|q_x - z_x| over the storage range.
  int64_t getMaxActivation() const;
  /// A bound on all sums, of `numTerms` data each; saturates.
  uint64_t getSumBound(int64_t numTerms) const;
  /// A bound on all sums: K max|q_x - z_x| max|q_w - z_w|; saturates.
  uint64_t getBound() const;
};

/// Finds the products that can be computed on integers; remarks at others why
/// they stay in floating point.
class ProductMatcher {
public:
  explicit ProductMatcher(ProductRemarks remarks) : remarks(remarks) {}

  /// The quantized product that `op`, a product of two tensors, computes.
  FailureOr<QuantizedProduct> match(linalg::LinalgOp op) const;

  /// The quantized data that `op` sums over windows or dimensions, a product
  /// with ones: the weight is empty.
  FailureOr<QuantizedProduct> matchSum(linalg::LinalgOp op) const;

  /// Remarks that a product of quantized operands stays in floating point;
  /// always failure.
  LogicalResult fail(linalg::LinalgOp op, const Twine &reason) const;

private:
  LogicalResult failUnquantized(linalg::LinalgOp op, const Twine &reason) const;
  LogicalResult findActivation(QuantizedProduct &product) const;
  LogicalResult findWeight(QuantizedProduct &product) const;
  FailureOr<WeightSource> findWeightSource(linalg::LinalgOp op) const;

  ProductRemarks remarks;
};

/// Whether all elements of a tensor are known to be 0.
bool isZeroTensor(Value tensor);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_QUANTIZEDPRODUCT_H
