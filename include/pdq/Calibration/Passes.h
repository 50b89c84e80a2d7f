// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_CALIBRATION_PASSES_H
#define PDQ_CALIBRATION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Runtime/Executor.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

/// First scale and zero point of a quantizer (init_minmax, init_mse).
enum class ScaleInit { MinMax, MSE };

/// Samples that initialize the activation quantizers: spread over the whole
/// set, or its first ones.
enum class ScaleSamples { Spread, First };

/// Network families of the table of presets in docs/Math.md; `Auto` is what
/// the network's structure is closest to.
enum class Preset { Auto, ResNet, RegNetX, MobileNetV2, MNasNet };

/// How progress is written: for people, or as an object of JSON a line.
enum class ProgressForm { Text, JSON };

/// Programs that calibrate a region, which carry these names.
enum class ProgramChoice { Forward, Teach, Evaluate, Correct, Step, All };

#define GEN_PASS_DECL
#include "pdq/Calibration/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Calibration/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PASSES_H
