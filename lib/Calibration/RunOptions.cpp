// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#include "pdq/Calibration/RunOptions.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/Normalization.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Sizes in bytes, and what only a GPU has.
static LogicalResult checkMachine(const CalibrateOptions &options,
                                  Location loc) {
  for (auto [name, size] :
       {std::pair("memory-limit", StringRef(options.memoryLimit)),
        std::pair("memory-budget", StringRef(options.memoryBudget))})
    if (!size.empty() && !readByteCount(size))
      return emitError(loc) << "option '" << name << "' is '" << size
                            << "', expected bytes such as 1500000, 64M or 2G";
  for (auto [name, value] :
       {std::pair("memory-budget", StringRef(options.memoryBudget)),
        std::pair("chip", StringRef(options.chip))})
    if (options.target == Target::CPU && !value.empty())
      return emitError(loc) << "option '" << name << "' is '" << value
                            << "', which target=cpu does not have";
  return success();
}

/// Numbers of the algorithm.
static LogicalResult checkNumbers(const CalibrateOptions &options,
                                  Location loc) {
  auto fail = [&](const Twine &text) { return emitError(loc) << text; };
  if (options.iterations < 0 || options.correctionSteps < 0 ||
      options.checkpointEvery < 0)
    return fail("options 'iterations', 'distribution-correction-steps' and "
                "'checkpoint-every' must be 0 or more");
  for (double probability : {options.dropIn, options.dropAct, options.warmup})
    if (!(probability >= 0 && probability <= 1))
      return fail("options 'drop-in', 'drop-act' and 'warmup' must be 0 to 1");
  // Of the first ones a negative number takes the preset's.
  for (auto [name, positive] :
       {std::pair("temperature", std::abs(options.temperature)),
        std::pair("lambda-c", std::abs(options.lambdaC)),
        std::pair("lambda-r", options.lambdaR),
        std::pair("rounding-rate", options.roundingRate),
        std::pair("scale-rate", options.scaleRate),
        std::pair("weight-scale-rate", options.weightScaleRate),
        std::pair("distribution-correction-rate", options.correctionRate)})
    if (!(positive > 0 && std::isfinite(positive)))
      return emitError(loc) << "option '" << name << "' is " << positive
                            << ", expected a positive finite number";
  if (!std::isfinite(options.roundingWeight))
    return fail("option 'rounding-weight' must be finite");
  if (options.weightScaleLearning && !options.learnedRounding)
    return fail("option 'weight-scale-learning' needs learned-rounding=true");
  if (options.weightScaleLearning && options.powerOfTwoScales)
    return fail("options 'weight-scale-learning' and 'power-of-two-scales' "
                "exclude each other: learned scales are no powers of two");
  return success();
}

LogicalResult mlir::pdq::checkOptions(const CalibrateOptions &options,
                                      Location loc) {
  auto fail = [&](const Twine &text) { return emitError(loc) << text; };
  if (options.calibration.empty())
    return fail("option 'calibration' is missing: name a .npy file with "
                "calibration samples");
  if (auto normalization = parseNormalization(options.mean, options.deviation);
      !normalization)
    return fail(llvm::toString(normalization.takeError()));
  if (options.batch < 1 || options.initSamples < 1)
    return fail("options 'batch' and 'init-samples' must be 1 or more");
  if (failed(checkMachine(options, loc)) || failed(checkNumbers(options, loc)))
    return failure();
  if (options.checkpointEvery != CalibrateOptions().checkpointEvery &&
      options.checkpoint.empty())
    return fail("option 'checkpoint-every' needs 'checkpoint'");
  return success();
}

LogicalResult mlir::pdq::checkFiles(const CalibrateOptions &options,
                                    Location loc) {
  auto isSame = [](StringRef a, StringRef b) {
    return !a.empty() && !b.empty() &&
           (a == b || llvm::sys::fs::equivalent(a, b));
  };
  SmallVector<std::pair<StringRef, StringRef>> files;
  for (StringRef path : getDataPaths(options))
    files.push_back({"calibration", path});
  size_t numRead = files.size();
  files.push_back({"checkpoint", options.checkpoint});
  files.push_back({"report", options.report});
  // Two inputs may well take one file.
  for (size_t i = numRead; i < files.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (isSame(files[i].second, files[j].second))
        return emitError(loc)
               << "options '" << files[j].first << "' and '" << files[i].first
               << "' name the same file '" << files[i].second << "'";
  if (options.report.empty())
    return success();
  if (llvm::Error error = checkFileWritable(options.report))
    return emitFileError(loc.getContext(), options.report, std::move(error));
  return success();
}

SmallVector<StringRef>
mlir::pdq::getDataPaths(const CalibrateOptions &options) {
  // A name may have commas of its own.
  if (llvm::sys::fs::exists(options.calibration))
    return {options.calibration};
  return llvm::to_vector(llvm::split(options.calibration, ','));
}

FailureOr<CalibrationData> mlir::pdq::readData(const CalibrateOptions &options,
                                               MLIRContext *context) {
  setMemoryLimit(readByteCount(options.memoryLimit).value_or(0));
  CalibrationData result;
  result.normalization =
      llvm::cantFail(parseNormalization(options.mean, options.deviation));
  for (StringRef path : getDataPaths(options)) {
    llvm::Expected<NpyFile> file = NpyFile::open(path);
    if (!file)
      return emitFileError(context, path, file.takeError());
    Location loc = getFileLocation(context, path);
    if (failed(checkMemoryLimit(loc, file->getContents().size(),
                                "calibration data",
                                "take fewer samples, or give more")))
      return failure();
    result.inputs.push_back({file->read(), loc});
  }
  return result;
}

FailureOr<std::unique_ptr<Executor>>
mlir::pdq::createExecutor(const CalibrateOptions &options, Location loc) {
  ExecutorOptions machine;
  machine.threads = options.threads;
  machine.cpu = options.cpu;
  machine.target = options.target;
  machine.chip = options.chip;
  machine.math = plan::stringifyMath(options.math);
  auto executor = Executor::create(loc.getContext(), machine);
  if (executor)
    return std::move(*executor);
  return emitError(loc) << llvm::toString(executor.takeError());
}
