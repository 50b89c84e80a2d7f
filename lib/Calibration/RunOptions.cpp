// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#include "pdq/Calibration/RunOptions.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/Normalization.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace mlir::pdq;

static std::optional<CPUTarget> readCPU(StringRef text) {
  return llvm::StringSwitch<std::optional<CPUTarget>>(text)
      .Case("host", CPUTarget::Host)
      .Case("generic", CPUTarget::Generic)
      .Case("avx2", CPUTarget::AVX2)
      .Case("avx512", CPUTarget::AVX512)
      .Default(std::nullopt);
}

static std::optional<Target> readTarget(StringRef text) {
  return llvm::StringSwitch<std::optional<Target>>(text)
      .Case("cpu", Target::CPU)
      .Case("cuda", Target::CUDA)
      .Case("auto", Target::Auto)
      .Default(std::nullopt);
}

LogicalResult RunOptions::check(Location loc) const {
  if (calibration.empty())
    return emitError(loc) << "option 'calibration' is missing: name a .npy "
                             "file with calibration samples";
  if (auto normalization = parseNormalization(mean, deviation); !normalization)
    return emitError(loc) << llvm::toString(normalization.takeError());
  if (batch < 1 || initSamples < 1)
    return emitError(loc)
           << "options 'batch' and 'init-samples' must be 1 or more";
  if (init != "mse" && init != "minmax")
    return emitError(loc) << "option 'init' is '" << init
                          << "', expected 'mse' or 'minmax'";
  if (scaleSamples != "spread" && scaleSamples != "first")
    return emitError(loc) << "option 'scale-samples' is '" << scaleSamples
                          << "', expected 'spread' or 'first'";
  if (!memoryLimit.empty() && !readByteCount(memoryLimit))
    return emitError(loc) << "option 'memory-limit' is '" << memoryLimit
                          << "', expected bytes such as 1500000, 64M or 2G";
  if (!readCPU(cpu))
    return emitError(loc) << "option 'cpu' is '" << cpu
                          << "', expected 'host', 'generic', 'avx2' or "
                             "'avx512'";
  if (!readTarget(target))
    return emitError(loc) << "option 'target' is '" << target
                          << "', expected 'cpu', 'cuda' or 'auto'";
  if (math != "fp32" && math != "tf32" && math != "bf16")
    return emitError(loc) << "option 'math' is '" << math
                          << "', expected 'fp32', 'tf32' or 'bf16'";
  if (!memoryBudget.empty() && !readByteCount(memoryBudget))
    return emitError(loc) << "option 'memory-budget' is '" << memoryBudget
                          << "', expected bytes such as 1500000, 64M or 2G";
  if (target == "cpu" && !memoryBudget.empty())
    return emitError(loc) << "option 'memory-budget' is '" << memoryBudget
                          << "', which target=cpu does not have";
  if (target == "cpu" && !chip.empty())
    return emitError(loc) << "option 'chip' is '" << chip
                          << "', which target=cpu does not have";
  return success();
}

void RunOptions::apply(CalibrationOptions &options) const {
  options.batch = batch;
  if (!memoryBudget.empty())
    options.memoryBudget = readByteCount(memoryBudget);
  options.initSamples = initSamples;
  options.init = init == "mse" ? ScaleInit::MSE : ScaleInit::MinMax;
  options.spreadsScaleSamples = scaleSamples == "spread";
  options.seed = seed;
}

SmallVector<StringRef> RunOptions::getDataPaths() const {
  // A name may have commas of its own.
  if (llvm::sys::fs::exists(calibration))
    return {calibration};
  SmallVector<StringRef> paths;
  StringRef(calibration).split(paths, ',');
  return paths;
}

FailureOr<CalibrationData> RunOptions::readData(MLIRContext *context) const {
  setMemoryLimit(memoryLimit.empty() ? 0 : *readByteCount(memoryLimit));
  CalibrationData result;
  result.normalization = llvm::cantFail(parseNormalization(mean, deviation));
  for (StringRef path : getDataPaths()) {
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
RunOptions::createExecutor(Location loc) const {
  ExecutorOptions options;
  options.threads = threads;
  options.cpu = *readCPU(cpu);
  options.target = *readTarget(target);
  options.chip = chip;
  options.math = math;
  auto executor = Executor::create(loc.getContext(), options);
  if (executor)
    return std::move(*executor);
  return emitError(loc) << llvm::toString(executor.takeError());
}
