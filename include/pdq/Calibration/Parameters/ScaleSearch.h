// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First scale and zero point of a quantizer.

#ifndef PDQ_CALIBRATION_PARAMETERS_SCALESEARCH_H
#define PDQ_CALIBRATION_PARAMETERS_SCALESEARCH_H

#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Runtime/Executor.h"
#include <map>

namespace mlir::pdq {

/// Scale (f32) and zero point (i32) of a quantizer, shape [] or [C].
struct QuantizerParameters {
  HostTensor scale, zeroPoint;
};

/// Chooses parameters by range (init_minmax) or by error (init_mse). The error
/// is computed by compiled code; one program per shape and width is kept.
class ScaleSearch {
public:
  ScaleSearch(Executor &executor, ScaleInit init)
      : executor(executor), init(init) {}

  /// Parameters for `data` (f32, any shape that contains the quantizer's
  /// axis). Errors: emits at `loc` where the data has a NaN or infinity.
  FailureOr<QuantizerParameters> search(Location loc, const BufferRef &data,
                                        QuantizerAttr quantizer);

private:
  FailureOr<Executable *> getProgram(Location loc, ArrayRef<int64_t> shape,
                                     QuantizerAttr quantizer,
                                     int64_t candidates);

  Executor &executor;
  ScaleInit init;
  std::map<std::string, std::unique_ptr<Executable>> programs;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PARAMETERS_SCALESEARCH_H
