// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adam and the schedules, as IR.

#ifndef PDQ_CALIBRATION_PARAMETERS_OPTIMIZER_H
#define PDQ_CALIBRATION_PARAMETERS_OPTIMIZER_H

#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/Calibration/Programs/Program.h"

namespace mlir::pdq {

/// Arguments of a program that hold a parameter and its Adam moments.
struct AdamState {
  Value parameter, firstMoment, secondMoment;
};

/// Adds the three arguments of one parameter to a program.
AdamState addAdamState(ProgramBuilder &program, RankedTensorType type);

/// Adam with (0.9, 0.999, 1e-8), no weight decay.
class AdamBuilder {
public:
  /// Adds two arguments, the powers of the decay rates: 64-bit floats that
  /// start as 1.
  explicit AdamBuilder(ProgramBuilder &program);

  /// Updates a parameter and its moments in place with `gradient`. `rate` is
  /// the learning rate, tensor<f32>. The parameter stays at or above `minimum`
  /// where one is given.
  void update(const AdamState &state, Value gradient, Value rate,
              std::optional<double> minimum = std::nullopt);

private:
  ProgramBuilder &program;
  /// 1 - beta1^t and sqrt(1 - beta2^t), tensor<f32>.
  Value firstCorrection, secondCorrection;
};

/// Arguments of a program, tensor<f32> each, that lower a learning rate when
/// the loss stays: the rate, the best loss so far (starts as infinity) and the
/// steps since it improved (start as 0).
struct PlateauState {
  Value rate, best, since;
};

/// Adds the three arguments to a program.
PlateauState addPlateauState(ProgramBuilder &program);

/// Takes `loss` (tensor<f32>) in: after more than 100 steps in a row without an
/// improvement (dc_2; relative threshold 1e-4) the rate is divided by 10, down
/// to 1e-5. It holds from the next call on.
void updatePlateau(ProgramBuilder &program, const PlateauState &state,
                   Value loss);

/// What the schedules say in one iteration, tensor<f32> each.
struct Schedule {
  /// Learning rate of activation scales: cosine to 0.
  Value scaleRate;
  /// round_5: exponent, and factor (0 during the warm-up).
  Value beta, roundingWeight;
};

/// Evaluates the schedules for the iteration `step` (tensor<i64>, from 0).
Schedule buildSchedule(ImplicitLocOpBuilder &b, Value step,
                       const CalibrationOptions &options);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PARAMETERS_OPTIMIZER_H
