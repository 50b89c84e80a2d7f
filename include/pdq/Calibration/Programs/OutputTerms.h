// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The terms of the prediction difference: one for each output of a network.

#ifndef PDQ_CALIBRATION_PROGRAMS_OUTPUTTERMS_H
#define PDQ_CALIBRATION_PROGRAMS_OUTPUTTERMS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Calibration/CalibrationOptions.h"

namespace mlir::pdq {

/// Reads the options `output-losses` ("kl:1,mse,none,auto") and
/// `output-weights` ("1,0.4"), one item an output, into `options.outputs`;
/// emits an error at `loc` where an item is none of these.
LogicalResult readOutputOptions(CalibrationOptions &options, Location loc);

/// Chooses what the options leave open by the type of each output and by the
/// layer that it comes from, and says so in remarks where it is not the
/// divergence of logits [N, K]. Afterwards `options` has a term for each output
/// of `network`. Errors: more or fewer options than outputs, an axis that the
/// output does not have, a term of an output that has no derivative; at
/// `optionLoc`.
LogicalResult chooseOutputTerms(func::FuncOp network,
                                CalibrationOptions &options,
                                Location optionLoc);

/// The outputs that have a term, by number.
SmallVector<unsigned> getTermOutputs(const CalibrationOptions &options);

/// loss_pd, loss_mse: the weighted sum of the terms, a scalar of f32; 0 where
/// there are none. `predicted` are all outputs of the network, `targets` those
/// of the float network that have a term.
Value buildOutputTerms(ImplicitLocOpBuilder &b,
                       const CalibrationOptions &options, ValueRange predicted,
                       ValueRange targets);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRAMS_OUTPUTTERMS_H
