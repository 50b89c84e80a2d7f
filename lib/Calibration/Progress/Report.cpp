// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The report as JSON.

#include "pdq/Calibration/Progress/Report.h"

using namespace mlir;
using namespace mlir::pdq;
using llvm::json::Array;

//===----------------------------------------------------------------------===//
// Quantizers and curves
//===----------------------------------------------------------------------===//

llvm::json::Value QuantizerReport::toJSON() const {
  return llvm::json::Object{{"kind", isWeight ? "weight" : "activation"},
                            {"shape", Array(shape)},
                            {"bits", bits},
                            {"axis", axis},
                            {"scales", Array(scales)},
                            {"zero_points", Array(zeroPoints)},
                            {"level_counts", Array(levelCounts)},
                            {"saturation", saturation},
                            {"snr_db", signalToNoise}};
}

llvm::json::Value LossCurve::toJSON() const {
  return llvm::json::Object{{"iterations", Array(iterations)},
                            {"total", Array(total)},
                            {"reconstruction", Array(reconstruction)},
                            {"prediction_difference", Array(difference)},
                            {"rounding_regularizer", Array(regularizer)}};
}

namespace mlir::pdq {
static bool fromJSON(const llvm::json::Value &value, QuantizerReport &report,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper map(value, path);
  std::string kind;
  if (!map || !map.map("kind", kind) || !map.map("shape", report.shape) ||
      !map.map("bits", report.bits) || !map.map("axis", report.axis) ||
      !map.map("scales", report.scales) ||
      !map.map("zero_points", report.zeroPoints) ||
      !map.map("level_counts", report.levelCounts) ||
      !map.map("saturation", report.saturation) ||
      !map.map("snr_db", report.signalToNoise))
    return false;
  report.isWeight = kind == "weight";
  return true;
}

static bool fromJSON(const llvm::json::Value &value, LossCurve &curve,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper map(value, path);
  return map && map.map("iterations", curve.iterations) &&
         map.map("total", curve.total) &&
         map.map("reconstruction", curve.reconstruction) &&
         map.map("prediction_difference", curve.difference) &&
         map.map("rounding_regularizer", curve.regularizer);
}
} // namespace mlir::pdq

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

llvm::json::Value RegionReport::toJSON() const {
  Array quantizerList;
  for (const QuantizerReport &quantizer : quantizers)
    quantizerList.push_back(quantizer.toJSON());
  return llvm::json::Object{
      {"name", name},
      {"iterations", iterations},
      {"seconds", seconds},
      {"milliseconds_per_iteration", millisecondsPerIteration},
      {"compile_seconds", compileSeconds},
      {"initialization_seconds", initializationSeconds},
      {"correction_seconds", correctionSeconds},
      {"iteration_seconds", iterationSeconds},
      {"evaluation_seconds", evaluationSeconds},
      {"reconstruction_loss",
       Array{reconstructionLoss[0], reconstructionLoss[1]}},
      {"prediction_difference",
       Array{predictionDifference[0], predictionDifference[1]}},
      {"sensitivity", sensitivity},
      {"loss_curve", lossCurve.toJSON()},
      {"quantizers", std::move(quantizerList)},
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
      !map.map("initialization_seconds", report.initializationSeconds) ||
      !map.map("correction_seconds", report.correctionSeconds) ||
      !map.map("iteration_seconds", report.iterationSeconds) ||
      !map.map("evaluation_seconds", report.evaluationSeconds) ||
      !map.map("reconstruction_loss", loss) ||
      !map.map("prediction_difference", difference) ||
      !map.map("sensitivity", report.sensitivity) ||
      !map.map("loss_curve", report.lossCurve) ||
      !map.map("quantizers", report.quantizers) ||
      !map.map("activation_scales", report.activationScales) ||
      !map.map("rounding_flipped", report.roundingFlipped) ||
      loss.size() != 2 || difference.size() != 2)
    return failure();
  llvm::copy(loss, report.reconstructionLoss);
  llvm::copy(difference, report.predictionDifference);
  return report;
}

//===----------------------------------------------------------------------===//
// The whole run
//===----------------------------------------------------------------------===//

llvm::json::Value CalibrationReport::toJSON() const {
  llvm::json::Array list;
  for (const RegionReport &region : regions)
    list.push_back(region.toJSON());
  return llvm::json::Object{{"version", 3},
                            {"settings", llvm::json::Object(settings)},
                            {"seed", static_cast<int64_t>(seed)},
                            {"data_sha256", dataSHA256},
                            {"total_seconds", totalSeconds},
                            {"peak_memory_bytes", peakMemoryBytes},
                            {"batch_norms_captured", batchNormsCaptured},
                            {"coverage", llvm::json::Array(coverage)},
                            {"regions", std::move(list)}};
}
