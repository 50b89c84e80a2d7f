// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass around the calibration: options in, parameters and report out.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Calibrator.h"
#include "pdq/IO/AtomicFile.h"
#include "pdq/IO/Npy.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Passes.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_CALIBRATE
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// More threads than any machine has cores are a mistake.
static constexpr unsigned maxThreads = 1024;

namespace {
struct CalibratePass : pdq::impl::CalibrateBase<CalibratePass> {
  using Base::Base;
  void runOnOperation() override;

private:
  FailureOr<CalibrationOptions> readOptions();
  LogicalResult checkOptions();
  LogicalResult checkFiles();
  FailureOr<ExecutorOptions> readExecutorOptions();
  LogicalResult writeReport(const CalibrationReport &result);
};
} // namespace

LogicalResult CalibratePass::checkOptions() {
  auto fail = [&](const Twine &text) {
    return emitError(getOperation().getLoc()) << text;
  };
  if (calibration.empty())
    return fail("option 'calibration' is missing: name a .npy file with "
                "calibration samples");
  if (iterations < 0 || batch < 1 || correctionSteps < 0 || initSamples < 1 ||
      checkpointEvery < 0)
    return fail("options 'iterations', 'distribution-correction-steps' and "
                "'checkpoint-every' must be 0 or more, 'batch' and "
                "'init-samples' 1 or more");
  if (threads > maxThreads)
    return fail("option 'threads' is " + Twine(threads) + ", expected 0 to " +
                Twine(maxThreads));
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
  if (init != "mse" && init != "minmax")
    return fail("option 'init' is '" + init + "', expected 'mse' or 'minmax'");
  return success();
}

FailureOr<CalibrationOptions> CalibratePass::readOptions() {
  CalibrationOptions options;
  if (failed(options.applyPreset(preset)))
    return emitError(getOperation().getLoc())
           << "option 'preset' is '" << preset
           << "', expected 'resnet', 'regnetx', 'mobilenetv2' or 'mnasnet'";
  options.iterations = iterations;
  options.batch = batch;
  options.initSamples = initSamples;
  options.init = init == "mse" ? ScaleInit::MSE : ScaleInit::MinMax;
  options.seed = seed;
  options.learnedRounding = learnedRounding;
  options.scaleLearning = scaleLearning;
  options.predictionDifference = predictionDifference;
  options.distributionCorrection = distributionCorrection;
  options.dropIn = dropIn;
  options.dropAct = dropAct;
  options.warmup = warmup;
  options.lambdaR = lambdaR;
  options.correctionSteps = correctionSteps;
  options.correctionRate = correctionRate;
  options.roundingRate = roundingRate;
  options.scaleRate = scaleRate;
  options.checkpointEvery = checkpointEvery;
  // A negative option leaves the preset's setting.
  auto choose = [](double &setting, double option) {
    setting = option < 0 ? setting : option;
  };
  choose(options.roundingWeight, roundingWeight);
  choose(options.temperature, temperature);
  choose(options.lambdaC, lambdaC);
  return options;
}

FailureOr<ExecutorOptions> CalibratePass::readExecutorOptions() {
  ExecutorOptions options;
  options.threads = threads;
  std::optional<CPUTarget> chosen =
      llvm::StringSwitch<std::optional<CPUTarget>>(cpu)
          .Case("host", CPUTarget::Host)
          .Case("generic", CPUTarget::Generic)
          .Case("avx2", CPUTarget::AVX2)
          .Case("avx512", CPUTarget::AVX512)
          .Default(std::nullopt);
  if (!chosen)
    return emitError(getOperation().getLoc())
           << "option 'cpu' is '" << cpu
           << "', expected 'host', 'generic', 'avx2' or 'avx512'";
  options.cpu = *chosen;
  std::optional<Target> where =
      llvm::StringSwitch<std::optional<Target>>(target)
          .Case("cpu", Target::CPU)
          .Case("cuda", Target::CUDA)
          .Case("auto", Target::Auto)
          .Default(std::nullopt);
  if (!where)
    return emitError(getOperation().getLoc())
           << "option 'target' is '" << target
           << "', expected 'cpu', 'cuda' or 'auto'";
  options.target = *where;
  options.chip = chip;
  if (math != "fp32" && math != "tf32")
    return emitError(getOperation().getLoc())
           << "option 'math' is '" << math << "', expected 'fp32' or 'tf32'";
  options.math = math;
  return options;
}

/// Output must go somewhere, and not over what is read.
LogicalResult CalibratePass::checkFiles() {
  Location loc = getOperation().getLoc();
  auto isSame = [](StringRef a, StringRef b) {
    return !a.empty() && !b.empty() &&
           (a == b || llvm::sys::fs::equivalent(a, b));
  };
  std::pair<StringRef, StringRef> files[] = {{"calibration", calibration},
                                             {"checkpoint", checkpoint},
                                             {"report", report}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < i; ++j)
      if (isSame(files[i].second, files[j].second))
        return emitError(loc)
               << "options '" << files[j].first << "' and '" << files[i].first
               << "' name the same file '" << files[i].second << "'";
  if (report.empty())
    return success();
  if (llvm::Error error = checkFileWritable(report))
    return emitError(loc) << "cannot write report: "
                          << llvm::toString(std::move(error));
  return success();
}

LogicalResult CalibratePass::writeReport(const CalibrationReport &result) {
  if (report.empty())
    return success();
  llvm::Error error = writeFileAtomically(report, [&](raw_ostream &os) {
    os << llvm::formatv("{0:2}", result.toJSON()) << "\n";
  });
  if (!error)
    return success();
  return emitError(getOperation().getLoc())
         << "cannot write report: " << llvm::toString(std::move(error));
}

void CalibratePass::runOnOperation() {
  ModuleOp module = getOperation();
  if (failed(checkOptions()) || failed(checkFiles()))
    return signalPassFailure();
  FailureOr<CalibrationOptions> options = readOptions();
  FailureOr<ExecutorOptions> executorOptions = readExecutorOptions();
  if (failed(options) || failed(executorOptions))
    return signalPassFailure();
  llvm::Expected<HostTensor> data = readNpy(calibration);
  if (!data) {
    emitError(module.getLoc()) << llvm::toString(data.takeError());
    return signalPassFailure();
  }
  auto executor = Executor::create(&getContext(), *executorOptions);
  if (!executor) {
    emitError(module.getLoc()) << llvm::toString(executor.takeError());
    return signalPassFailure();
  }
  CalibrationReport result;
  if (failed(
          calibrate(module, *data, *options, **executor, checkpoint, result)) ||
      failed(writeReport(result)))
    return signalPassFailure();
  numCalibrated = result.regions.size();
}
