// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The samples that initialize activation quantizers, and what makes a
// calibration set a bad one.

#ifndef PDQ_CALIBRATION_DATA_SCALESAMPLES_H
#define PDQ_CALIBRATION_DATA_SCALESAMPLES_H

#include "pdq/Calibration/Calibrator.h"

namespace mlir::pdq {

/// scale_samples: `count` of `samples` samples that are spread over the whole
/// set, in ascending order: one of each part of the set, drawn by `seed`.
SmallVector<int64_t> drawScaleSamples(int64_t samples, int64_t count,
                                      uint64_t seed);

/// Says in remarks where all samples are equal, or where a mini-batch of
/// `batch` samples in the order of the file has one value only.
void remarkSamples(const CalibrationData &data, int64_t batch);

/// Says in a remark at `loc` where the classes of the samples come sorted or in
/// runs, by the float network's predictions: `logits` are [N, K]. Where scales
/// are taken from the `first` samples, it says what follows.
void remarkClassOrder(const HostTensor &logits, bool first, Location loc);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_SCALESAMPLES_H
