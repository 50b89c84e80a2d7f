// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms in which tensors are kept between calls: channels last, so that
// programs read and write them without transposing.

#ifndef PDQ_CALIBRATION_DATA_CACHELAYOUT_H
#define PDQ_CALIBRATION_DATA_CACHELAYOUT_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::pdq {

/// The type in which a tensor is kept between calls: activations of rank 4
/// channels last.
RankedTensorType getCacheType(RankedTensorType type);
/// The type in which a weight, its rounding and its moments are kept: output
/// channels last.
RankedTensorType getParameterType(RankedTensorType type);

/// The type in which a quantizer is observed: flat where dimension 0 does not
/// hold the batch, as behind attention; elements are all that counts there.
RankedTensorType getObservedType(RankedTensorType type, int64_t batch);
Value buildToObserved(ImplicitLocOpBuilder &b, Value value, int64_t batch);

/// Conversions between a tensor and its kept form.
Value buildToCache(ImplicitLocOpBuilder &b, Value value);
Value buildFromCache(ImplicitLocOpBuilder &b, Value value,
                     RankedTensorType type);
Value buildToParameter(ImplicitLocOpBuilder &b, Value value);
Value buildFromParameter(ImplicitLocOpBuilder &b, Value value,
                         RankedTensorType type);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_CACHELAYOUT_H
