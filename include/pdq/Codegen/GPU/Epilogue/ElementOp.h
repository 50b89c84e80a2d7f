// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations that say where the sums of a kernel start, one element
// at a time.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_ELEMENTOP_H
#define PDQ_CODEGEN_GPU_EPILOGUE_ELEMENTOP_H

#include "pdq/Codegen/Common/PayloadEmitter.h"

namespace mlir::pdq {

/// Whether the elements of `result` are all that `op` reads or writes of it,
/// each in one iteration, and its payload has a form in a kernel.
bool isElementOp(linalg::GenericOp op, Value result);

/// Emits one elementwise operation on the result of `main`, for `lanes`
/// elements at once that follow each other in loop `loop` of `main`.
class ElementOp {
public:
  ElementOp(ImplicitLocOpBuilder &b, linalg::GenericOp op,
            linalg::LinalgOp main, unsigned lanes = 1, unsigned loop = 0);

  /// What `op` computes for the elements from `indices` on, one for each loop
  /// of `main`; null stands for the only iteration. A scalar is that of all
  /// lanes.
  Value evaluate(ArrayRef<Value> indices);

private:
  NestPosition locate(ArrayRef<Value> indices);

  ImplicitLocOpBuilder &b;
  linalg::GenericOp op;
  linalg::LinalgOp main;
  /// The operand that is the result of `main`.
  OpOperand *shared;
  KernelStrategy strategy;
  PayloadEmitter payload;
};

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_ELEMENTOP_H
