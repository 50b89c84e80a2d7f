// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a calibration did, for people and scripts.

#ifndef PDQ_CALIBRATION_PROGRESS_REPORT_H
#define PDQ_CALIBRATION_PROGRESS_REPORT_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace mlir::pdq {

/// One region of the report.
struct RegionReport {
  std::string name;
  int64_t iterations = 0;
  double seconds = 0;
  double millisecondsPerIteration = 0;
  double compileSeconds = 0;
  /// Before and after the iterations, nothing dropped. The prediction
  /// difference is 0 where the network's outputs are no logits.
  enum Moment { Before, After };
  double reconstructionLoss[2] = {0, 0};
  double predictionDifference[2] = {0, 0};
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
