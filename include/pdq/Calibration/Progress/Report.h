// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a calibration did, for people and scripts.

#ifndef PDQ_CALIBRATION_PROGRESS_REPORT_H
#define PDQ_CALIBRATION_PROGRESS_REPORT_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::pdq {

/// What a quantizer learned, and how it fits what it quantizes: the weight, or
/// activations of the first mini-batch, up to four million of them.
struct QuantizerReport {
  bool isWeight = false;
  std::vector<int64_t> shape;
  int64_t bits = 0;
  std::optional<int64_t> axis;
  /// One, or one for each index of the axis.
  std::vector<double> scales;
  std::vector<int64_t> zeroPoints;
  /// Elements at each integer of the grid, 0 to 2^bits - 1.
  std::vector<int64_t> levelCounts;
  /// Part of the elements that the grid clips: their nearest integer is not in
  /// it.
  double saturation = 0;
  /// report_1, in dB; none where nothing is lost.
  std::optional<double> signalToNoise;

  llvm::json::Value toJSON() const;
};

/// Losses of some iterations, counted from 1, as the optimizer saw them: on a
/// mini-batch each, with elements dropped.
struct LossCurve {
  /// Iterations that are kept are `getStride` apart; the first and the last are
  /// among them.
  static constexpr int64_t maxIntervals = 200;
  static int64_t getStride(int64_t iterations) {
    return std::max<int64_t>(1, llvm::divideCeil(iterations, maxIntervals));
  }

  std::vector<int64_t> iterations;
  std::vector<double> total, reconstruction, difference, regularizer;

  llvm::json::Value toJSON() const;
};

/// One region of the report.
struct RegionReport {
  std::string name;
  int64_t iterations = 0;
  double seconds = 0;
  double millisecondsPerIteration = 0;
  /// Parts of `seconds`.
  double compileSeconds = 0;
  double initializationSeconds = 0;
  double correctionSeconds = 0;
  double iterationSeconds = 0;
  double evaluationSeconds = 0;
  /// Before and after the iterations, nothing dropped. The prediction
  /// difference is 0 where the network's outputs are no logits.
  enum Moment { Before, After };
  double reconstructionLoss[2] = {0, 0};
  double predictionDifference[2] = {0, 0};
  /// The prediction difference where only this region is quantized, as it is
  /// calibrated; none where that is not finite.
  std::optional<double> sensitivity;
  LossCurve lossCurve;
  std::vector<QuantizerReport> quantizers;
  std::vector<double> activationScales;
  /// Weights whose learned rounding is not the nearest one.
  int64_t roundingFlipped = 0;

  llvm::json::Value toJSON() const;
  static FailureOr<RegionReport> fromJSON(const llvm::json::Value &value);
};

/// The whole run.
struct CalibrationReport {
  /// Every option by its name: what the preset resolves to, and of the options
  /// of earlier passes what they recorded.
  llvm::json::Object settings;
  uint64_t seed = 0;
  std::string dataSHA256;
  double totalSeconds = 0;
  int64_t peakMemoryBytes = 0;
  int64_t batchNormsCaptured = 0;
  /// Every product with its widths (`Coverage::toJSON`).
  llvm::json::Array coverage;
  std::vector<RegionReport> regions;

  llvm::json::Value toJSON() const;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRESS_REPORT_H
