// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parts of a matrix kernel share: arithmetic in 32 bits, and where a
// thread stands.

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATMULBUILDER_H
#define PDQ_CODEGEN_GPU_MATRIX_MATMULBUILDER_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"

namespace mlir::pdq {

/// Builds arithmetic of 32-bit integers: half the registers of `index`.
class MatrixBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Value constant(int64_t value);
  Value add(Value lhs, Value rhs);
  Value add(Value lhs, int64_t rhs) { return add(lhs, constant(rhs)); }
  Value mul(Value lhs, int64_t rhs);
  Value div(Value lhs, int64_t rhs);
  Value rem(Value lhs, int64_t rhs);
  /// 0 <= value < bound.
  Value below(Value value, int64_t bound);
  /// Both of two conditions; a null one is true.
  Value both(Value lhs, Value rhs);
  Value toIndex(Value value);

  /// Splits a number into one index for each of `extents`, the last running
  /// fastest.
  SmallVector<Value> delinearize(Value number, ArrayRef<int64_t> extents);
  /// What a number, split by `extents`, adds to an address.
  Value buildAddress(Value number, ArrayRef<int64_t> extents,
                     ArrayRef<int64_t> strides);
};

/// The kernel that is built, and the numbers of its thread.
struct MatmulBuilder {
  MatmulBuilder(const MatrixStrategy &strategy, const MatrixTile &tile,
                plan::Math math);

  const MatrixStrategy &strategy;
  /// The one of its contractions that is computed.
  const MatrixStrategy *contraction;
  const MatrixTile &tile;
  plan::Math math;
  MatrixBuilder b;
  /// The next buffer of an operand in shared memory, for `size` elements of
  /// `type`. Contractions that follow each other use the same ones.
  Value getShared(int64_t size, Type type, int64_t alignment);
  /// Goes on with `next`, one of the further contractions of the strategy.
  void startProduct(const MatrixStrategy &next);

  /// The thread in its block; the corner of the block's tile; the batch; the
  /// number of the block in the launch.
  Value thread, firstRow, firstColumn, batch, number;

private:
  /// Buffers in shared memory, and those of the contraction that are in use.
  SmallVector<memref::AllocOp> shared;
  size_t numShared = 0;
};

/// One side of the contraction as the loader of an operand sees it.
struct OperandView {
  const MatrixOperand &operand;
  /// Its loops beside k, and its strides along all.
  const MatrixSide &side;
  ArrayRef<int64_t> rowStrides, kStrides, batchStrides;
  /// Rows of its tile, and the first of them.
  int64_t rows;
  Value firstRow;

  static OperandView getLhs(const MatmulBuilder &code);
  static OperandView getRhs(const MatmulBuilder &code);
};

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATMULBUILDER_H
