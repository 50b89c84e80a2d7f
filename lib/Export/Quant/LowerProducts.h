// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of quantized tensors on integers, with one rescale behind the sum.

#ifndef PDQ_LIB_EXPORT_QUANT_LOWERPRODUCTS_H
#define PDQ_LIB_EXPORT_QUANT_LOWERPRODUCTS_H

#include "QuantizedProduct.h"
#include "StorageIntegers.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// Lowers products to integer_1: sums of (q_x - z_x)(q_w - z_w), rescaled and
/// added to the bias behind.
class ProductLowering {
public:
  ProductLowering(IRRewriter &rewriter, StorageIntegers &integers,
                  ProductMatcher matcher, ProductArithmetic arithmetic,
                  bool foldConstants)
      : rewriter(rewriter), integers(integers), matcher(matcher),
        arithmetic(arithmetic), foldConstants(foldConstants) {}

  /// Replaces a product of two tensors. Failure, with a remark, where it stays
  /// in floating point.
  LogicalResult lower(linalg::LinalgOp op);

  /// Replaces a sum of quantized data over windows, as an average has, by
  /// sum (q_x - z_x) * s_x (integer_3). Failure where it is none, or where the
  /// sum may not be exact; not for integers.
  LogicalResult lowerSum(linalg::LinalgOp op);

private:
  /// Operands of a product and what its sum lacks.
  struct Operands {
    Value data, weight;
    /// What is to be subtracted of their elements still, for each channel of
    /// the weight; 0 where the elements are q - z.
    int64_t dataZero = 0;
    SmallVector<int64_t> weightZeros;
  };

  /// Whether sums are of f32, which holds q - z.
  bool sumsFloats() const { return arithmetic != ProductArithmetic::Integer; }
  LogicalResult checkBound(const QuantizedProduct &product);
  LogicalResult checkWidths(const QuantizedProduct &product);
  Type getSumType() const;

  Operands buildFactoredOperands(const QuantizedProduct &product);
  Operands buildIntegerOperands(const QuantizedProduct &product);
  Value buildFactoredWeight(const QuantizedProduct &product);
  Value buildData(const QuantizedProduct &product, int64_t offset);
  Value buildMoved(const QuantizedProduct &product, Value data, TypedAttr zero);
  Value buildMove(Operation *move, Value source, TypedAttr zero);

  Value buildSum(linalg::LinalgOp op, Value data, Value weight,
                 ArrayRef<OpFoldResult> sizes);
  Value buildDataSum(const QuantizedProduct &product, Value data);
  struct RescaleInputs;
  static Value buildScalarRescale(OpBuilder &b, Location loc,
                                  ValueRange arguments,
                                  const RescaleInputs &places);
  static std::optional<unsigned> addBias(RescaleInputs &inputs, Value init);
  void addCorrections(const QuantizedProduct &product, const Operands &operands,
                      RescaleInputs &inputs);
  Value buildRescale(const QuantizedProduct &product, const Operands &operands,
                     Value sum);

  IRRewriter &rewriter;
  StorageIntegers &integers;
  ProductMatcher matcher;
  ProductArithmetic arithmetic;
  bool foldConstants;
  /// Data that was moved already, by what it replaces.
  DenseMap<Value, Value> known;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_LOWERPRODUCTS_H
