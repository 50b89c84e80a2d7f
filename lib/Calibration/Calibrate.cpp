// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass around the calibration: options in, parameters and report out.

#include "PresetChoice.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Annotation/Quantizers/Coverage.h"
#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/Calibration/RunOptions.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_CALIBRATE
#include "pdq/Calibration/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct CalibratePass : pdq::impl::CalibrateBase<CalibratePass> {
  using Base::Base;
  friend struct mlir::pdq::CalibrateOptionReader;
  void runOnOperation() override;

private:
  Preset choosePreset();
  FailureOr<CalibrationOptions> readOptions();
  LogicalResult calibrateModule();
  void addSettings(const CalibrationOptions &options,
                   llvm::json::Object &settings);
  LogicalResult writeReport(const CalibrationReport &result);
};
} // namespace

/// The preset of the option, or of the network's structure, which is said
/// where something depends on it.
Preset CalibratePass::choosePreset() {
  if (preset != Preset::Auto)
    return preset;
  PresetChoice choice = pdq::choosePreset(getOperation());
  if (roundingWeight < 0 || temperature < 0 || lambdaC < 0)
    emitRemark(getOperation().getLoc())
        << "preset is " << getValueName(preset, choice.preset) << ": "
        << choice.reason << "; preset=NAME takes another";
  return choice.preset;
}

FailureOr<CalibrationOptions> CalibratePass::readOptions() {
  CalibrateOptions given = CalibrateOptionReader::read(*this);
  given.preset = choosePreset();
  CalibrationOptions options(std::move(given));
  if (failed(readOutputOptions(options, getOptionsLocation(&getContext()))))
    return failure();
  return options;
}

/// Adds what the result does not depend on, and the options of earlier passes.
void CalibratePass::addSettings(const CalibrationOptions &options,
                                llvm::json::Object &settings) {
  settings["calibration"] = calibration.getValue();
  settings["preset"] = getValueName(preset, options.preset);
  settings["preset-from"] = preset == Preset::Auto ? "structure" : "option";
  settings["mean"] = mean.getValue();
  settings["std"] = deviation.getValue();
  settings["threads"] = threads.getValue();
  settings["target"] = getValueName(target, target.getValue());
  settings["cpu"] = getValueName(cpu, cpu.getValue());
  settings["chip"] = chip.getValue();
  settings["math"] = getValueName(math, math.getValue());
  settings["memory-budget"] = memoryBudget.getValue();
  settings["memory-limit"] = memoryLimit.getValue();
  settings["checkpoint"] = checkpoint.getValue();
  settings["checkpoint-every"] = checkpointEvery.getValue();
  settings["report"] = report.getValue();
  for (NamedAttribute option : getRecordedOptions(getOperation())) {
    StringRef name = option.getName().getValue();
    if (auto text = dyn_cast<StringAttr>(option.getValue()))
      settings[name] = text.getValue();
    else if (auto number = dyn_cast<IntegerAttr>(option.getValue()))
      settings[name] = number.getInt();
  }
}

LogicalResult CalibratePass::writeReport(const CalibrationReport &result) {
  if (report.empty())
    return success();
  llvm::Error error = writeFileAtomically(report, [&](raw_ostream &os) {
    os << llvm::formatv("{0:2}", result.toJSON()) << "\n";
  });
  if (!error)
    return success();
  return emitFileError(&getContext(), report, std::move(error));
}

LogicalResult CalibratePass::calibrateModule() {
  Location loc = getOptionsLocation(&getContext());
  CalibrateOptions given = CalibrateOptionReader::read(*this);
  if (failed(checkOptions(given, loc)) || failed(checkFiles(given, loc)))
    return failure();
  FailureOr<CalibrationOptions> options = readOptions();
  if (failed(options))
    return failure();
  FailureOr<CalibrationData> data = readData(*options, &getContext());
  if (failed(data))
    return failure();
  FailureOr<std::unique_ptr<Executor>> executor = createExecutor(*options, loc);
  if (failed(executor))
    return failure();
  CalibrationReport result;
  if (failed(calibrate(getOperation(), *data, *options, **executor, checkpoint,
                       result)))
    return failure();
  addSettings(*options, result.settings);
  result.coverage = computeCoverage(getOperation()).toJSON();
  numCalibrated = result.regions.size();
  return writeReport(result);
}

void CalibratePass::runOnOperation() {
  if (failed(calibrateModule()))
    signalPassFailure();
}
