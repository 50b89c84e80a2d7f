// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks in half precision as networks in single precision.

#ifndef PDQ_FRONTEND_MODULE_WIDENFLOATS_H
#define PDQ_FRONTEND_MODULE_WIDENFLOATS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Replaces f16 and bf16 by f32 in the whole module: constants keep their
/// values, casts between the two vanish, inputs and results of `network` become
/// f32. One remark at `network` says so. f64 stays.
///
/// Errors: emits a diagnostic where an operation works on the bits of a number
/// or a constant has no data, and for floats of 8 bits and less.
LogicalResult widenFloats(ModuleOp module, func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_WIDENFLOATS_H
