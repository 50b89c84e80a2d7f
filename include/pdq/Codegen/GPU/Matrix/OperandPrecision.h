// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of f32 as tensor cores take them: rounded, packed, in parts.

#ifndef PDQ_CODEGEN_GPU_MATRIX_OPERANDPRECISION_H
#define PDQ_CODEGEN_GPU_MATRIX_OPERANDPRECISION_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"

namespace mlir::pdq {

/// Numbers of f32 that a register of 32 bits holds: two of bf16.
inline int64_t getNumPacked(plan::Math math) {
  return math == plan::Math::BF16 ? 2 : 1;
}

/// Parts of a number that are multiplied: of f32 the nearest number of TF32,
/// and of the rest too.
inline int64_t getNumParts(plan::Math math) {
  return math == plan::Math::FP32 ? 2 : 1;
}

/// The products of parts, (left, right), small ones first: their sum has the
/// precision of `math`.
ArrayRef<std::pair<int, int>> getPartProducts(plan::Math math);

/// Numbers that share a register, the first in the low bits, as i32; one
/// register for each part. All are rounded to nearest: tensor cores cut off
/// what does not fit, and all sums would be too small.
SmallVector<Value, 2> buildParts(ImplicitLocOpBuilder &b,
                                 ArrayRef<Value> numbers, plan::Math math);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_OPERANDPRECISION_H
