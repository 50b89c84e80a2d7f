// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The report as JSON.

#include "pdq/Calibration/Progress/Report.h"

using namespace mlir;
using namespace mlir::pdq;

llvm::json::Value RegionReport::toJSON() const {
  using llvm::json::Array;
  return llvm::json::Object{
      {"name", name},
      {"iterations", iterations},
      {"seconds", seconds},
      {"milliseconds_per_iteration", millisecondsPerIteration},
      {"compile_seconds", compileSeconds},
      {"reconstruction_loss",
       Array{reconstructionLoss[0], reconstructionLoss[1]}},
      {"prediction_difference",
       Array{predictionDifference[0], predictionDifference[1]}},
      {"activation_scales", Array(activationScales)},
      {"rounding_flipped", roundingFlipped}};
}

FailureOr<RegionReport> RegionReport::fromJSON(const llvm::json::Value &value) {
  RegionReport report;
  llvm::json::Path::Root root;
  llvm::json::ObjectMapper map(value, root);
  std::vector<double> loss, difference;
  if (!map || !map.map("name", report.name) ||
      !map.map("iterations", report.iterations) ||
      !map.map("seconds", report.seconds) ||
      !map.map("milliseconds_per_iteration", report.millisecondsPerIteration) ||
      !map.map("compile_seconds", report.compileSeconds) ||
      !map.map("reconstruction_loss", loss) ||
      !map.map("prediction_difference", difference) ||
      !map.map("activation_scales", report.activationScales) ||
      !map.map("rounding_flipped", report.roundingFlipped) ||
      loss.size() != 2 || difference.size() != 2)
    return failure();
  llvm::copy(loss, report.reconstructionLoss);
  llvm::copy(difference, report.predictionDifference);
  return report;
}

llvm::json::Value CalibrationReport::toJSON() const {
  llvm::json::Array list;
  for (const RegionReport &region : regions)
    list.push_back(region.toJSON());
  return llvm::json::Object{{"version", 2},
                            {"settings", llvm::json::Object(settings)},
                            {"seed", static_cast<int64_t>(seed)},
                            {"data_sha256", dataSHA256},
                            {"total_seconds", totalSeconds},
                            {"peak_memory_bytes", peakMemoryBytes},
                            {"batch_norms_captured", batchNormsCaptured},
                            {"coverage", llvm::json::Array(coverage)},
                            {"regions", std::move(list)}};
}
