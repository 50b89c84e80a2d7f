// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a network and a calibration set must be.

#ifndef PDQ_CALIBRATION_DATA_INPUTS_H
#define PDQ_CALIBRATION_DATA_INPUTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Calibration/Calibrator.h"

namespace mlir::pdq {

/// The network: the one function with regions. Emits an error where there is
/// none or another one.
FailureOr<func::FuncOp> findNetwork(ModuleOp module);

/// Checks that `function` maps tensors to tensors, all with the batch as
/// dimension 0.
LogicalResult checkNetwork(func::FuncOp function);

/// Checks that `data` is a finite calibration set for the network `function`
/// and gives it the network's element types: f64 is rounded to f32, integers
/// keep their values. Emits errors where the data is from, and at `optionLoc`
/// where there are more or fewer files than inputs.
LogicalResult fitData(func::FuncOp function, CalibrationData &data,
                      Location optionLoc);

/// Between regions a sample is one slice of dimension 0: that is how samples
/// are kept and drawn. Checks the borders and the quantizers of a network whose
/// batch is `batch`.
LogicalResult checkBorders(func::FuncOp network, int64_t batch);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_INPUTS_H
