// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#include "RunOptions.h"
#include "pdq/IO/FileDiagnostics.h"
#include "pdq/IO/Npy.h"
#include "llvm/ADT/StringSwitch.h"

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

/// "1500000", "300K", "64M", "2G" (powers of 1024).
static std::optional<uint64_t> readBytes(StringRef text) {
  unsigned shift = llvm::StringSwitch<unsigned>(text.take_back())
                       .Case("K", 10)
                       .Case("M", 20)
                       .Case("G", 30)
                       .Default(0);
  uint64_t number = 0;
  if (text.drop_back(shift ? 1 : 0).getAsInteger(10, number) || number == 0 ||
      number > (UINT64_MAX >> shift))
    return std::nullopt;
  return number << shift;
}

LogicalResult RunOptions::check(Location loc) const {
  if (calibration.empty())
    return emitError(loc) << "option 'calibration' is missing: name a .npy "
                             "file with calibration samples";
  if (batch < 1 || initSamples < 1)
    return emitError(loc)
           << "options 'batch' and 'init-samples' must be 1 or more";
  if (init != "mse" && init != "minmax")
    return emitError(loc) << "option 'init' is '" << init
                          << "', expected 'mse' or 'minmax'";
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
  if (!memoryBudget.empty() && !readBytes(memoryBudget))
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
    options.memoryBudget = readBytes(memoryBudget);
  options.initSamples = initSamples;
  options.init = init == "mse" ? ScaleInit::MSE : ScaleInit::MinMax;
}

/// NumPy's own type of numbers, in the network's.
static HostTensor narrow(const HostTensor &data) {
  HostTensor result(data.getShape(), ElementType::F32);
  llvm::copy(data.values<double>(), result.values<float>().begin());
  return result;
}

FailureOr<CalibrationData> RunOptions::readData(MLIRContext *context) const {
  llvm::Expected<HostTensor> data = readNpy(calibration);
  if (!data)
    return emitFileError(context, calibration, data.takeError());
  Location loc = getFileLocation(context, calibration);
  if (data->getElementType() == ElementType::F64)
    return CalibrationData{narrow(*data), loc};
  return CalibrationData{std::move(*data), loc};
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
