// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizing the arithmetic that makes integers of an activation.

#ifndef PDQ_EXPORT_QUANT_QUANTIZEARITHMETIC_H
#define PDQ_EXPORT_QUANT_QUANTIZEARITHMETIC_H

#include "mlir/IR/Value.h"
#include <optional>

namespace mlir::pdq {

/// clamp(roundeven(input / scale) + zeroPoint, min, max) of all elements of a
/// tensor, as integers (quantize_1).
struct QuantizeArithmetic {
  Value input;
  double scale;
  int64_t zeroPoint, min, max;
};

/// What `convert-pdq-to-quant` computes the integers of an activation by;
/// nothing where `integers` comes from another operation.
std::optional<QuantizeArithmetic> matchQuantize(Value integers);

} // namespace mlir::pdq

#endif // PDQ_EXPORT_QUANT_QUANTIZEARITHMETIC_H
