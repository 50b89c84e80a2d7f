// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making sizes of a function dynamic again.

#ifndef PDQ_NETWORK_RESIZE_RESIZE_H
#define PDQ_NETWORK_RESIZE_RESIZE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// An operation whose sizes cannot be dynamic, or may have been read wrongly,
/// and why.
struct ResizeNote {
  Location loc;
  std::string reason;
};

/// Gives the arguments of `function`, which has static shapes, the types
/// `types`: the same with some dimensions dynamic. All sizes that follow are
/// computed from them: each dimension of a value on the data path is an
/// expression in the dynamic sizes, which is that of its operands where an
/// indexing map says it. Dynamic dimensions 0 are one size, the batch. What
/// divides by the number of elements that a sum went over divides by their
/// computed number.
///
/// What an operation of static shapes stands for is not always in it: a slice
/// may go to the end or to a fixed position. Such readings are the likely
/// ones, and whoever calls this runs the result at other sizes; where it
/// differs, `doubt` is likely why.
///
/// Result: success, or why not; the function is then invalid and must be
/// dropped.
std::optional<ResizeNote>
makeDynamic(func::FuncOp function, ArrayRef<RankedTensorType> types,
            std::optional<ResizeNote> *doubt = nullptr);

/// The types of the inputs as the network came, from the attribute
/// `pdq.input_types` of `module`; with a dynamic dimension 0 where the batch
/// is. Empty where there is none, or where they are no types of `network`.
SmallVector<RankedTensorType> getInputTypes(ModuleOp module,
                                            func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_RESIZE_RESIZE_H
