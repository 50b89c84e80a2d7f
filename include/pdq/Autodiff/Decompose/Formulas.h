// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas that decompositions and derivatives share. Labels are those of
// docs/Math.md.

#ifndef PDQ_AUTODIFF_DECOMPOSE_FORMULAS_H
#define PDQ_AUTODIFF_DECOMPOSE_FORMULAS_H

#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// Scalars of one quantizer inside a payload.
struct QuantizerScalars {
  /// Scale, and zero point as a float.
  Value scale, zeroPoint;
  /// Smallest and largest integer as floats.
  Value min, max;
};

/// Converts the zero point and makes the bounds.
QuantizerScalars buildQuantizerScalars(ImplicitLocOpBuilder &b, Value scale,
                                       Value zeroPoint,
                                       QuantizerAttr quantizer);

/// Clamps to the quantizer's integers; NaN stays NaN.
Value buildClamp(ImplicitLocOpBuilder &b, Value q,
                 const QuantizerScalars &scalars);

/// quantize_1 without its clamp: rne(x / s) + z.
Value buildQuantized(ImplicitLocOpBuilder &b, Value x,
                     const QuantizerScalars &scalars);

/// quantize_2: (q - z) * s.
Value buildDequantized(ImplicitLocOpBuilder &b, Value q,
                       const QuantizerScalars &scalars);

/// Whether 0 <= q <= n.
Value buildInRange(ImplicitLocOpBuilder &b, Value q,
                   const QuantizerScalars &scalars);

/// The stretched sigmoid u = 1.2 * sigmoid(a) - 0.1 and its derivative.
struct StretchedSigmoid {
  Value value, derivative;
};
StretchedSigmoid buildStretchedSigmoid(ImplicitLocOpBuilder &b, Value a);

/// round_1: h = clamp(u, 0, 1), and whether u is inside (the derivative
/// counts).
Value buildSoftRounding(ImplicitLocOpBuilder &b, Value stretched);
Value buildIsInside(ImplicitLocOpBuilder &b, Value stretched);

/// Softmax of the rows of logits [N, K] over temperature: shifted logits
/// (x - max) / T, their exponentials [N, K], and the sums of these [N].
struct Softmax {
  Value shifted, exponentials, sums;
};
Softmax buildSoftmax(ImplicitLocOpBuilder &b, Value logits, double temperature);

/// dc_1: per sample and channel, mean and standard deviation [N, C], and the
/// number of elements they are taken over.
struct SampleStatistics {
  Value mean, deviation;
  int64_t count;
};
SampleStatistics buildSampleStatistics(ImplicitLocOpBuilder &b, Value input,
                                       int64_t axis);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_DECOMPOSE_FORMULAS_H
