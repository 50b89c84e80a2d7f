// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Settings of a calibration, made from the options of the pass.

#ifndef PDQ_CALIBRATION_CALIBRATIONOPTIONS_H
#define PDQ_CALIBRATION_CALIBRATIONOPTIONS_H

#include "pdq/Calibration/Passes.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::pdq {

/// What the prediction difference takes of an output: `Automatic` chooses by
/// the output's type.
enum class OutputLoss { Automatic, None, Divergence, SquaredError };

/// The term of one output (loss_pd, loss_mse).
struct OutputTerm {
  OutputLoss loss = OutputLoss::Automatic;
  /// Dimension of the classes; nothing where it is found out, or not needed.
  std::optional<int64_t> axis;
  double weight = 1.0;
};

/// Settings of a calibration: the options of `pdq-calibrate`, and what follows
/// from them.
struct CalibrationOptions : CalibrateOptions {
  /// Settings that `options` leave negative are the preset's; ResNet's where
  /// it is `Auto`, which only `pdq-calibrate` chooses by a network. Scales that
  /// are powers of two are not learned.
  CalibrationOptions(CalibrateOptions options = {});

  /// One term for each output; empty takes what the outputs' types say.
  std::vector<OutputTerm> outputs;

  bool learnsWeightScales() const {
    return learnedRounding && weightScaleLearning;
  }

  /// All settings that the result depends on, by the names of the options.
  llvm::json::Object toJSON() const;
  /// The same as one text, `name=value` in the order of names.
  std::string describe() const;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CALIBRATIONOPTIONS_H
