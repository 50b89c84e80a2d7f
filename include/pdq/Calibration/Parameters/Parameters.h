// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What quantizers learned, from and to the IR.

#ifndef PDQ_CALIBRATION_PARAMETERS_PARAMETERS_H
#define PDQ_CALIBRATION_PARAMETERS_PARAMETERS_H

#include "pdq/Calibration/Programs/Student.h"
#include "pdq/Calibration/Progress/Report.h"
#include "pdq/Calibration/Scales/ScaleSearch.h"

namespace mlir::pdq {

/// Reads the scales and zero points that a calibrated region has as constants.
LogicalResult readParameters(RegionQuantizers &quantizers);

/// Gives the weights' quantizers the scales and zero points that `scales`
/// finds.
LogicalResult initializeWeights(RegionQuantizers &quantizers,
                                ScaleSearch &scales, Executor &executor);

/// Writes scales and zero points into the corresponding quantizers of `region`.
void writeScales(RegionOp region, const RegionQuantizers &quantizers);

/// Replaces the weights of `region` by the quantized ones.
void writeWeights(RegionOp region, const RegionQuantizers &quantizers);

/// Writes what the calibration of `region` achieved.
void writeStatus(RegionOp region, const RegionReport &report);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PARAMETERS_PARAMETERS_H
