// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A calibrated region as the exported network computes it.

#ifndef PDQ_CALIBRATION_PROGRAMS_FROZENPROGRAM_H
#define PDQ_CALIBRATION_PROGRAMS_FROZENPROGRAM_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

namespace program {
/// (inputs) -> (results) of a calibrated student, its parameters constants.
inline constexpr StringRef frozen = "frozen";
} // namespace program

/// Makes the module with `program::frozen` of a calibrated region, ready for
/// the executor: `batch` samples a call, activations in their kept form,
/// products of quantized tensors computed on what `products` says. Where that
/// is not exact (integer_2) a remark tells that the product stays as it is.
///
/// Errors: emits a diagnostic where a quantizer has no constant parameters.
FailureOr<OwningOpRef<ModuleOp>>
buildFrozenProgram(RegionOp region, ProductArithmetic products, int64_t batch);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRAMS_FROZENPROGRAM_H
