// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a pooling is whose windows are reduced several times: to their maximum,
// and to the place of it.

#ifndef PDQ_PLAN_ANALYSIS_POOLINGS_H
#define PDQ_PLAN_ANALYSIS_POOLINGS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <optional>

namespace mlir::pdq {

/// Reductions over the same windows of one image, the first of which the others
/// may read.
struct Pooling {
  SmallVector<linalg::GenericOp> ops;
  OpOperand *image = nullptr;
  /// The padding of the image; null where there is none.
  tensor::PadOp pad;
  /// The elementwise operation that computes the image, if nothing else reads
  /// it.
  linalg::GenericOp producer;
};

/// The constant that every element of a result starts from; null where it is
/// something else.
arith::ConstantOp getStart(linalg::GenericOp op);

/// The constant around an image; null where it is something else.
arith::ConstantOp getPadding(tensor::PadOp pad);

/// The map of the only result.
AffineMap getOutputMap(linalg::GenericOp op);

/// The operand whose windows are reduced: the only one that the payload reads,
/// beside `other`.
OpOperand *findImage(linalg::GenericOp op, Value other = {});

/// The pooling that `op` begins; nothing where no other operation reduces its
/// windows again.
std::optional<Pooling> matchPooling(linalg::GenericOp op);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_POOLINGS_H
