// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of products as quantized values whose scale is 1.

#ifndef PDQ_LIB_EXPORT_QUANT_UNITSCALE_H
#define PDQ_LIB_EXPORT_QUANT_UNITSCALE_H

#include "QuantizedProduct.h"

namespace mlir::pdq {

/// Emits q - z of a product's data in f32 as a `dcast` of a quantized type with
/// the scale 1; `storage` has the integers.
Value buildUnitScaleData(OpBuilder &builder, Location loc, Value storage,
                         const QuantizedProduct &product);

/// Emits q - z of a product's weight, in the shape that the product reads, as a
/// `dcast` of a constant. The integers are those of the weight where one zero
/// point a slice of an axis says what z is, else q - z with the zero point 0.
Value buildUnitScaleWeight(OpBuilder &builder, const QuantizedProduct &product);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_UNITSCALE_H
