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
  int64_t batch, initSamples;
  unsigned threads;

  /// Reads the options of a pass that has them.
  template <typename PassT> static RunOptions of(PassT &pass) {
    return {pass.calibration, pass.target, pass.chip,         pass.math,
            pass.cpu,         pass.init,   pass.memoryBudget, pass.batch,
            pass.initSamples, pass.threads};
  }

  /// Emits an error at `loc` where an option is out of range.
  LogicalResult check(Location loc) const;

  /// Sets what a calibration has of these options.
  void apply(CalibrationOptions &options) const;

  /// Reads the calibration set; emits an error where it cannot be read.
  FailureOr<CalibrationData> readData(MLIRContext *context) const;

  /// Makes the executor; emits an error where there is no such target.
  FailureOr<std::unique_ptr<Executor>> createExecutor(Location loc) const;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_RUNOPTIONS_H
