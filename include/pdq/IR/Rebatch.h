// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the batch size of a function.

#ifndef PDQ_IR_REBATCH_H
#define PDQ_IR_REBATCH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Gives dimension 0 of the arguments `dataArguments` the size `batch`
/// (ShapedType::kDynamic for a dynamic one) and infers all types that follow:
/// the batch is tracked through the operations, also where it is a factor of a
/// dimension. `pdq.region` is entered. The function type is updated.
///
/// Errors: emits a diagnostic at the operation through which the batch cannot
/// be followed; the function is then invalid and must be dropped.
LogicalResult rebatch(func::FuncOp function, int64_t batch,
                      ArrayRef<unsigned> dataArguments);

} // namespace mlir::pdq

#endif // PDQ_IR_REBATCH_H
