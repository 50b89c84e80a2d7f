// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#include "pdq/Calibration/RunOptions.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/Normalization.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace mlir::pdq;

LogicalResult mlir::pdq::checkRunOptions(const CalibrateOptions &options,
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
