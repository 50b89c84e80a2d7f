// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How large a network is once its calls are inlined: forty functions that call
// the next one twice are a page of text and more operations than any memory
// holds.

#ifndef PDQ_FRONTEND_MODULE_INLINEDSIZE_H
#define PDQ_FRONTEND_MODULE_INLINEDSIZE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// Errors: the network has more operations, those of the functions that it
/// calls among them, than passes go through in a reasonable time.
LogicalResult checkInlinedSize(func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_INLINEDSIZE_H
