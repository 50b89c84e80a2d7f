// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running a function once to see what it computes.

#ifndef PDQ_LIB_CALIBRATION_CHECKS_CHECKSAMPLES_H
#define PDQ_LIB_CALIBRATION_CHECKS_CHECKSAMPLES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Support/HostTensor.h"

namespace mlir::pdq {

/// Whether values of all types can cross the border of compiled code.
bool canRun(TypeRange types);

/// Standard normal numbers, the same for equal types; zeros for integers, which
/// may be indices.
HostTensor makeNormalSamples(RankedTensorType type);

/// Compiles the function `name` of `module`, which has static shapes and may
/// have pdq operations, and runs it once. Errors: emits diagnostics.
FailureOr<SmallVector<HostTensor>> runOnce(ModuleOp module, StringRef name,
                                           ArrayRef<HostTensor> inputs);

/// Norm of the difference, as a part of the norm of what is right, over
/// elements that are finite in the one or the other; infinite where one is no
/// number. Both have one shape. 0 for
/// element types that are neither f32, f64, i32 nor i64.
double getDifference(const HostTensor &expected, const HostTensor &found);

/// A difference as messages write it.
std::string printDifference(double difference);

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_CHECKS_CHECKSAMPLES_H
