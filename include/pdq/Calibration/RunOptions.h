// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#ifndef PDQ_CALIBRATION_RUNOPTIONS_H
#define PDQ_CALIBRATION_RUNOPTIONS_H

#include "pdq/Calibration/Calibrator.h"

namespace mlir::pdq {

/// The options as the user wrote them.
struct RunOptions {
  std::string calibration, target, chip, math, cpu, init, memoryBudget;
  std::string scaleSamples, memoryLimit, mean, deviation;
  int64_t batch, initSamples;
  uint64_t seed;
  unsigned threads;

  /// Reads the options of a pass that has them.
  template <typename PassT> static RunOptions of(PassT &pass) {
    return {pass.calibration, pass.target, pass.chip,         pass.math,
            pass.cpu,         pass.init,   pass.memoryBudget, pass.scaleSamples,
            pass.memoryLimit, pass.mean,   pass.deviation,    pass.batch,
            pass.initSamples, pass.seed,   pass.threads};
  }

  /// Emits an error at `loc`, the options' place, where one is out of range.
  LogicalResult check(Location loc) const;

  /// The files of the calibration set, one for each input.
  SmallVector<StringRef> getDataPaths() const;

  /// Sets what a calibration has of these options.
  void apply(CalibrationOptions &options) const;

  /// Sets the memory limit and reads the calibration set, a file for each
  /// input; emits an error where one cannot be read or is over the limit.
  FailureOr<CalibrationData> readData(MLIRContext *context) const;

  /// Makes the executor; emits an error where there is no such target.
  FailureOr<std::unique_ptr<Executor>> createExecutor(Location loc) const;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_RUNOPTIONS_H
