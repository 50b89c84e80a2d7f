// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles of operands that travel to shared memory by asynchronous copies.

#ifndef PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_ASYNCTILE_H
#define PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_ASYNCTILE_H

#include "pdq/Codegen/GPU/Matrix/MatmulBuilder.h"

namespace mlir::pdq {

/// A ring of tiles of one operand, [rows][k] where neighbours in k are those in
/// memory, else [k][rows], f32.
class AsyncTile {
public:
  AsyncTile(MatmulBuilder &code, const OperandView &view);

  /// Starts the copies of this thread for the tile whose first term is
  /// `firstK`. What lies outside of the operand, or is not needed, becomes
  /// zero.
  void copy(Value firstK, Value stage, Value isNeeded);

  /// Where an element of a tile lies behind the tile's begin: linear.
  int64_t getOffset(int64_t row, int64_t term) const {
    return view.operand.isKMajor ? row * pitch + term : term * pitch + row;
  }
  Value buildOffset(Value row, Value term);
  Value buildBegin(Value stage) { return code.b.mul(stage, size); }
  bool isKMajor() const { return view.operand.isKMajor; }
  Value getBuffer() const { return shared; }

private:
  /// What a copy keeps over all tiles: its row and term in the tile, what the
  /// row adds to the address, whether the row exists and whether this thread
  /// has the copy at all; null conditions are true.
  struct Copy {
    Value row, term, address, isInside, isMine;
  };
  void chooseCopies();
  void start(const Copy &copy, Value firstK, Value stage, Value isNeeded);

  MatmulBuilder &code;
  OperandView view;
  /// Elements between neighbours of the slower dimension, and of a tile.
  int64_t pitch, size;
  Value global, shared;
  SmallVector<Copy> copies;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_ASYNCTILE_H
