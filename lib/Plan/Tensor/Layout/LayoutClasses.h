// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tensors should lie channels-last: decided for whole classes of values
// that elementwise operations connect, so that no copies appear between them.

#ifndef PDQ_LIB_PLAN_TENSOR_LAYOUT_LAYOUTCLASSES_H
#define PDQ_LIB_PLAN_TENSOR_LAYOUT_LAYOUTCLASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace mlir::pdq {

/// The order in which the dimensions of a value lie in memory: new dimension i
/// is old dimension order[i]. Empty: as they are.
using DimensionOrder = llvm::SmallVector<int64_t>;

/// The operands of a multiply-accumulate operation with a sliding window, in
/// any direction. `image` has results of its map with two dimensions (output
/// position and window position), `output` shares its batch dimension.
struct ConvolutionRoles {
  unsigned image, output, filter;
  DimensionOrder imageOrder, outputOrder, filterOrder;
};

/// Recognizes forward convolutions and both of their gradients by their maps
/// and payload; nothing where `op` is none.
std::optional<ConvolutionRoles> inferConvolutionRoles(linalg::LinalgOp op);

/// The order of every value of `function` that is not as it is.
llvm::DenseMap<Value, DimensionOrder> assignLayouts(func::FuncOp function);

} // namespace mlir::pdq

#endif // PDQ_LIB_PLAN_TENSOR_LAYOUT_LAYOUTCLASSES_H
