// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of the IR as host tensors, and back.

#ifndef PDQ_CALIBRATION_CONSTANTS_H
#define PDQ_CALIBRATION_CONSTANTS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Execution/HostTensor.h"

namespace mlir::pdq {

/// Reads a constant (dense or resource) of 32-bit floats or integers; emits an
/// error where `value` is something else.
FailureOr<HostTensor> readConstant(Value value);

/// The elements of a dense attribute; failure where their type is none of ours.
FailureOr<HostTensor> toHostTensor(DenseElementsAttr attr);

/// The attribute, and the constant, with the contents of `tensor` (floats and
/// integers of 32 or 64 bits).
DenseElementsAttr getConstantAttr(MLIRContext *context,
                                  const HostTensor &tensor);
Value buildConstant(ImplicitLocOpBuilder &builder, const HostTensor &tensor);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CONSTANTS_H
