// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration of an annotated network, region after region.

#ifndef PDQ_CALIBRATION_CALIBRATOR_H
#define PDQ_CALIBRATION_CALIBRATOR_H

#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/Calibration/Progress/Report.h"
#include "pdq/Runtime/Executor.h"
#include "pdq/Support/Files/Normalization.h"

namespace mlir::pdq {

/// Samples [N, ...] of one input, as the network takes it, and the place that
/// errors about them are located at.
struct InputData {
  HostTensor samples;
  Location loc;
};

/// The calibration set: as many samples of each of the network's inputs.
struct CalibrationData {
  std::vector<InputData> inputs;
  /// Of inputs that are images as bytes, where the user says it.
  std::optional<Normalization> normalization;

  int64_t getNumSamples() const {
    return inputs.front().samples.getShape().front();
  }
};

/// Calibrates the annotated network in `module` on `data` and writes what was
/// learned into it: hard rounded weights, scales and zero points as constants,
/// the status of each region.
///
/// With a `checkpoint` path the state is kept there after every region and
/// inside regions as the options say; where the file exists the calibration
/// goes on from it, with a result that is byte for byte the same. A checkpoint
/// of other settings, data or another model is refused.
///
/// `data` becomes what the network takes (see `fitData`).
///
/// Errors: emits located diagnostics; the checkpoint keeps the last good state.
LogicalResult calibrate(ModuleOp module, CalibrationData &data,
                        const CalibrationOptions &options, Executor &executor,
                        StringRef checkpoint, CalibrationReport &report);

/// Gives every quantizer of the annotated network in `module` that is not
/// calibrated its first scale and zero point (init_minmax, init_mse) as
/// constants: what `calibrate` starts from. Of the options, those count that
/// every pass has which runs the network. Adds the number of quantizers to
/// `numQuantizers`.
///
/// Errors: as above.
LogicalResult initializeScales(ModuleOp module, CalibrationData &data,
                               const CalibrationOptions &options,
                               Executor &executor, int64_t &numQuantizers);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CALIBRATOR_H
