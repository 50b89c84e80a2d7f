// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the network that is calibrated is the one that was given.

#ifndef PDQ_CALIBRATION_CHECKS_NETWORKCHECK_H
#define PDQ_CALIBRATION_CHECKS_NETWORKCHECK_H

#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Sections.h"

namespace mlir::pdq {

/// Replaces every region by one of its bodies; quantizers stay.
void inlineBodies(func::FuncOp network, TailBody body);

/// Runs the float network of `module` on a few samples at its own batch and at
/// `batch`, where they differ, and compares.
///
/// Errors: emits a diagnostic at the first operation that differs.
LogicalResult checkOtherBatch(ModuleOp module, int64_t batch,
                              const CalibrationData &data, Executor &executor);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CHECKS_NETWORKCHECK_H
