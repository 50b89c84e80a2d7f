// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The preset of a network, by its structure.

#ifndef PDQ_LIB_CALIBRATION_PRESETCHOICE_H
#define PDQ_LIB_CALIBRATION_PRESETCHOICE_H

#include "pdq/Calibration/Passes.h"
#include <string>

namespace mlir::pdq {

/// A preset, and what in the network speaks for it.
struct PresetChoice {
  Preset preset;
  std::string reason;
};

/// Chooses the preset of the network family that an annotated network belongs
/// to: mobilenetv2 for depthwise convolutions between pointwise ones with
/// activations that are clamped at 6 or are no rectifier, mnasnet for those
/// with plain rectifiers, regnetx for grouped convolutions, else resnet.
PresetChoice choosePreset(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_PRESETCHOICE_H
