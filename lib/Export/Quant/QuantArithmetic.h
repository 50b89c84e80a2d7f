// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic between floating point values and the storage integers of a
// quantized type, written once for the export and for the lowering.

#ifndef PDQ_LIB_EXPORT_QUANT_QUANTARITHMETIC_H
#define PDQ_LIB_EXPORT_QUANT_QUANTARITHMETIC_H

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include <optional>

namespace mlir::pdq {

/// The parameters of a per-tensor or per-axis type; without `axis` there is one
/// scale and one zero point.
struct UniformParameters {
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  std::optional<int64_t> axis;
  quant::QuantizedType type;
};

/// The parameters of `type`, checked: the zero points are storage integers, and
/// the expressed type represents every storage integer exactly. Errors go to
/// `emitError`; sub-channel and calibrated types are errors.
FailureOr<UniformParameters>
getUniformParameters(quant::QuantizedType type,
                     function_ref<InFlightDiagnostic()> emitError);

/// Emits q = clamp(roundeven(input / scale) + zero_point, min, max) as storage
/// integers (quantize_1). `input` is a floating point scalar or ranked tensor;
/// the result has its shape. NaN gives the smallest integer.
Value buildQuantize(OpBuilder &builder, Location loc, Value input,
                    const UniformParameters &parameters);

/// Emits (q - zero_point) * scale in the expressed type (quantize_2); `input`
/// holds storage integers.
Value buildDequantize(OpBuilder &builder, Location loc, Value input,
                      const UniformParameters &parameters);

/// Emits q - zero_point in the expressed type, which is exact; `input` holds
/// storage integers.
Value buildCentered(OpBuilder &builder, Location loc, Value input,
                    const UniformParameters &parameters);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_QUANTARITHMETIC_H
