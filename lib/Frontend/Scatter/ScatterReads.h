// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scatter turned round: reads of the updates in place of writes.

#ifndef PDQ_LIB_FRONTEND_SCATTER_SCATTERREADS_H
#define PDQ_LIB_FRONTEND_SCATTER_SCATTERREADS_H

#include "CoordinateScatter.h"

namespace mlir::pdq {

/// Emits the operation over the result of `scatter` that reads the updates that
/// are written to each position. Its value has the type of the result.
Value buildScatterReads(OpBuilder &b, const CoordinateScatter &scatter);

} // namespace mlir::pdq

#endif // PDQ_LIB_FRONTEND_SCATTER_SCATTERREADS_H
