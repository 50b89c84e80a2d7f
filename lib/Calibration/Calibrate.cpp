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
#include "llvm/Support/FileSystem.h"
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
  LogicalResult checkOptions();
  LogicalResult checkFiles();
  LogicalResult calibrateModule();
  void addSettings(const CalibrationOptions &options,
                   llvm::json::Object &settings);
  LogicalResult writeReport(const CalibrationReport &result);
};
} // namespace

LogicalResult CalibratePass::checkOptions() {
  Location loc = getOptionsLocation(&getContext());
  auto fail = [&](const Twine &text) { return emitError(loc) << text; };
  if (failed(checkRunOptions(CalibrateOptionReader::read(*this), loc)))
    return failure();
  if (iterations < 0 || correctionSteps < 0 || checkpointEvery < 0)
    return fail("options 'iterations', 'distribution-correction-steps' and "
                "'checkpoint-every' must be 0 or more");
  if (checkpointEvery != CalibrateOptions().checkpointEvery &&
      checkpoint.empty())
    return fail("option 'checkpoint-every' needs 'checkpoint'");
  for (double probability :
       {dropIn.getValue(), dropAct.getValue(), warmup.getValue()})
    if (!(probability >= 0 && probability <= 1))
      return fail("options 'drop-in', 'drop-act' and 'warmup' must be 0 to 1");
  for (double positive : {std::abs(temperature), lambdaR.getValue(),
                          std::abs(lambdaC), roundingRate.getValue(),
                          scaleRate.getValue(), correctionRate.getValue()})
    if (!(positive > 0 && std::isfinite(positive)))
      return fail("options 'temperature', 'lambda-r', 'lambda-c' and the "
                  "learning rates must be positive and finite");
  if (!std::isfinite(roundingWeight))
    return fail("option 'rounding-weight' must be finite");
  return success();
}

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

/// Output must go somewhere, and not over what is read.
LogicalResult CalibratePass::checkFiles() {
  Location loc = getOptionsLocation(&getContext());
  auto isSame = [](StringRef a, StringRef b) {
    return !a.empty() && !b.empty() &&
           (a == b || llvm::sys::fs::equivalent(a, b));
  };
  SmallVector<std::pair<StringRef, StringRef>> files;
  CalibrateOptions options = CalibrateOptionReader::read(*this);
  for (StringRef path : getDataPaths(options))
    files.push_back({"calibration", path});
  size_t numRead = files.size();
  files.push_back({"checkpoint", checkpoint});
  files.push_back({"report", report});
  // Two inputs may well take one file.
  for (size_t i = numRead; i < files.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (isSame(files[i].second, files[j].second))
        return emitError(loc)
               << "options '" << files[j].first << "' and '" << files[i].first
               << "' name the same file '" << files[i].second << "'";
  if (report.empty())
    return success();
  if (llvm::Error error = checkFileWritable(report))
    return emitFileError(&getContext(), report, std::move(error));
  return success();
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
  if (failed(checkOptions()) || failed(checkFiles()))
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
