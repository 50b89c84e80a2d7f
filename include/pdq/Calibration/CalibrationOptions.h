// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every switch of the algorithm, with the paper's defaults.

#ifndef PDQ_CALIBRATION_CALIBRATIONOPTIONS_H
#define PDQ_CALIBRATION_CALIBRATIONOPTIONS_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llvm::cl {
class Option;
} // namespace llvm::cl

namespace mlir {
class Pass;
} // namespace mlir

namespace mlir::pdq {

/// First scale and zero point of a quantizer (init_minmax, init_mse).
enum class ScaleInit { MinMax, MSE };

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

/// Settings of a calibration; the defaults are those of ResNet-18 in the
/// table of presets in docs/Math.md.
struct CalibrationOptions {
  /// Optimizer iterations per region; 0 keeps nearest rounding.
  int64_t iterations = 20000;
  /// Samples per mini-batch.
  int64_t batch = 32;
  /// Samples that initialize the activation quantizers.
  int64_t initSamples = 256;
  /// Whether they are spread over the whole set, else its first ones.
  bool spreadsScaleSamples = true;
  ScaleInit init = ScaleInit::MSE;
  uint64_t seed = 1005;

  bool learnedRounding = true;
  bool scaleLearning = true;
  bool predictionDifference = true;
  bool distributionCorrection = true;

  /// Probability of keeping the quantized element (drop_in, drop_act); 1 never
  /// drops.
  double dropIn = 0.5;
  double dropAct = 0.5;

  /// round_5: factor of the regularizer, part of the iterations without it.
  double roundingWeight = 0.01;
  double warmup = 0.2;
  /// loss_pd: softening of the logits, and its divisor.
  double temperature = 4.0;
  double lambdaR = 0.1;
  /// One term for each output; empty takes what the outputs' types say.
  std::vector<OutputTerm> outputs;
  /// dc_2: divisor of the distance, steps per batch, learning rate.
  double lambdaC = 0.02;
  int64_t correctionSteps = 500;
  double correctionRate = 1e-3;

  double roundingRate = 3e-3;
  double scaleRate = 4e-5;

  /// Iterations between two checkpoints inside a region; 0 keeps one per
  /// region.
  int64_t checkpointEvery = 2000;

  /// Bytes of device memory for programs and the calibration set; without one,
  /// what is free. The result does not depend on it.
  std::optional<uint64_t> memoryBudget;

  /// Sets what the table of presets in docs/Math.md names for a network family:
  /// resnet, regnetx, mobilenetv2 or mnasnet.
  LogicalResult applyPreset(StringRef preset);

  /// All settings that the result depends on, by the names of the options.
  llvm::json::Object toJSON() const;
  /// The same as one text, `name=value` in the order of names.
  std::string describe() const;
};

/// One option of a `pdq-calibrate` pass; its `Subs` list all of them.
const llvm::cl::Option &getOptionOfCalibrate(const Pass &pass);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CALIBRATIONOPTIONS_H
