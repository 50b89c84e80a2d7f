// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant tensors that lowered products read.

#ifndef PDQ_LIB_EXPORT_QUANT_PRODUCTTENSORS_H
#define PDQ_LIB_EXPORT_QUANT_PRODUCTTENSORS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace mlir::pdq {

/// A tensor of the sizes of `like`, all elements `value`.
Value buildFilled(OpBuilder &b, Location loc, Value like, TypedAttr value);

/// A constant whose elements of `type` are stored as `T`.
template <typename T>
Value buildConstant(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                    Type type, ArrayRef<int64_t> values) {
  SmallVector<T> elements(values.begin(), values.end());
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(RankedTensorType::get(shape, type),
                             ArrayRef<T>(elements)));
}

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_PRODUCTTENSORS_H
