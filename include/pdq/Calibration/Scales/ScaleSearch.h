// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First scale and zero point of a quantizer.

#ifndef PDQ_CALIBRATION_SCALES_SCALESEARCH_H
#define PDQ_CALIBRATION_SCALES_SCALESEARCH_H

#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Runtime/Executor.h"
#include <map>

namespace mlir::pdq {

/// Scale (f32) and zero point (i32) of a quantizer, shape [] or [C].
struct QuantizerParameters {
  HostTensor scale, zeroPoint;
};

/// What parameters are chosen by.
struct ScaleRules {
  ScaleInit init = ScaleInit::MSE;
  /// Zero points of weights are 2^(bits - 1), the middle of the grid.
  bool symmetricWeights = false;
  bool powerOfTwo = false;
  /// Every candidate is scored, also those that cannot be the best.
  bool exhaustive = false;
};

class ChannelSearch;

/// Chooses parameters by range (init_minmax) or by error (init_mse), with
/// scales that are powers of two where that is asked for (init_pow2). The error
/// is computed by compiled code, for the candidates that no bound excludes
/// (init_bound); one program per shape and width is kept.
class ScaleSearch {
public:
  ScaleSearch(Executor &executor, ScaleRules rules)
      : executor(executor), rules(rules) {}

  /// Parameters for `data` (f32, any shape that contains the quantizer's
  /// axis). Errors: emits at `loc` where the data has a NaN or infinity.
  FailureOr<QuantizerParameters>
  searchWeight(Location loc, const BufferRef &data, QuantizerAttr quantizer);
  FailureOr<QuantizerParameters> searchActivation(Location loc,
                                                  const BufferRef &data,
                                                  QuantizerAttr quantizer);

private:
  FailureOr<QuantizerParameters> search(Location loc, const BufferRef &data,
                                        QuantizerAttr quantizer,
                                        bool isSymmetric);
  LogicalResult score(Location loc, const BufferRef &data,
                      QuantizerAttr quantizer,
                      MutableArrayRef<ChannelSearch> channels);
  FailureOr<Executable *> getProgram(Location loc, ArrayRef<int64_t> shape,
                                     QuantizerAttr quantizer,
                                     int64_t candidates);

  Executor &executor;
  ScaleRules rules;
  std::map<std::string, std::unique_ptr<Executable>> programs;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_SCALES_SCALESEARCH_H
