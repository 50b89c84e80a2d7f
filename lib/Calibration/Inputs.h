// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a network and a calibration set must be.

#ifndef PDQ_CALIBRATION_INPUTS_H
#define PDQ_CALIBRATION_INPUTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Execution/HostTensor.h"

namespace mlir::pdq {

/// The network: the one function with regions. Emits an error where there is
/// none or another one.
FailureOr<func::FuncOp> findNetwork(ModuleOp module);

/// Checks that `function` maps one tensor of f32 to another, which must be
/// logits where the prediction difference `needsLogits`.
LogicalResult checkNetwork(func::FuncOp function, bool needsLogits);

/// Checks that `data` is a finite calibration set for the network `function`;
/// emits errors at `loc`, where it is from.
LogicalResult checkData(func::FuncOp function, const HostTensor &data,
                        Location loc);

/// Between regions a sample is one slice of dimension 0: that is how samples
/// are kept and drawn. Checks the borders and the quantizers of a network whose
/// batch is `batch`.
LogicalResult checkBorders(func::FuncOp network, int64_t batch);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_INPUTS_H
