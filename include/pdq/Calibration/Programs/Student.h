// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The student of a region as a function of its parameters.

#ifndef PDQ_CALIBRATION_PROGRAMS_STUDENT_H
#define PDQ_CALIBRATION_PROGRAMS_STUDENT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/Calibration/Progress/Report.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/HostTensor.h"
#include <vector>

namespace mlir::pdq {

/// A weight quantizer of a region and what it learned.
struct WeightQuantizer {
  FakeQuantOp op;
  /// The weight in floating point, row major.
  HostTensor weight;
  /// Shapes of `op`'s operands: [] or [C].
  HostTensor scale;
  HostTensor zeroPoint;
  /// The scale that the weight is rounded by (round_6): the first one, where
  /// scales are learned.
  HostTensor roundingScale;
  /// Rounding logits, shape of the weight; none where rounding is to nearest.
  std::optional<HostTensor> rounding;

  RankedTensorType getType() const {
    return cast<RankedTensorType>(FakeQuantOp(op).getType());
  }
};

/// An activation quantizer of a region and what it learned.
struct ActivationQuantizer {
  FakeQuantOp op;
  float scale = 1.0f;
  int32_t zeroPoint = 0;
};

/// The quantizers of one region, in the order of the quantized body.
struct RegionQuantizers {
  std::vector<WeightQuantizer> weights;
  std::vector<ActivationQuantizer> activations;
};

/// Collects the quantizers of a region; emits an error where a weight is not a
/// constant of 32-bit floats.
FailureOr<RegionQuantizers> collectQuantizers(RegionOp region);

/// How the weights enter a student function.
enum class WeightForm {
  /// As they are used: quantized and dequantized outside.
  Ready,
  /// As rounding logits of `pdq.adaround`.
  Rounding
};

/// What a student function looks like.
struct StudentOptions {
  WeightForm weights = WeightForm::Ready;
  /// Scales of rounded weights are arguments, behind the weights.
  bool weightScales = false;
  /// Number of samples.
  int64_t batch;
  /// Adds the inputs of all activation quantizers to the results.
  bool observe = false;
  /// drop_act: probability of keeping the quantized element; below 1 the
  /// function takes the step counter as its last argument.
  double keep = 1.0;
  uint64_t seed = 0;
  /// First random stream of the region's masks.
  int64_t stream = 0;
};

/// Adds to `module` the private function `name` that computes the quantized
/// body. Arguments: inputs, one weight or rounding per weight quantizer, one
/// scale per weight quantizer where these are learned, one scale and then one
/// zero point per activation quantizer, and the step where elements are
/// dropped.
FailureOr<func::FuncOp> buildStudent(ModuleOp module, StringRef name,
                                     RegionOp region,
                                     const RegionQuantizers &quantizers,
                                     const StudentOptions &options);

/// Quantizes and dequantizes a weight with its scale and zero point: by nearest
/// rounding (quantize_1, quantize_2), or as decided by the rounding logits
/// (round_4) where there are any.
HostTensor quantizeWeight(const WeightQuantizer &quantizer);

/// Takes scale and zero point; weights are rounded by this scale.
void setParameters(WeightQuantizer &quantizer, HostTensor scale,
                   HostTensor zeroPoint);

/// round_3: logits whose soft weight is the weight itself.
HostTensor initializeRounding(const WeightQuantizer &quantizer);

/// Number of elements whose learned integer is not the nearest one; beyond the
/// ends of the grid there is one integer only.
int64_t countFlipped(const WeightQuantizer &quantizer);

/// What quantizers learned, and how a weight, or what a quantizer of
/// activations `observed` (f32, any shape), fits.
QuantizerReport describe(const WeightQuantizer &quantizer);
QuantizerReport describe(const ActivationQuantizer &quantizer,
                         HostTensor observed);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRAMS_STUDENT_H
