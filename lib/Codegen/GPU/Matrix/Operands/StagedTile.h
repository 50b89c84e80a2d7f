// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles of operands that travel through registers to shared memory, where
// warpgroups read them: rounded, packed, neighbours in k next to each other.

#ifndef PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_STAGEDTILE_H
#define PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_STAGEDTILE_H

#include "pdq/Codegen/GPU/Matrix/MatmulBuilder.h"

namespace mlir::pdq {

/// Two tiles of one operand in shared memory, each once for every part of its
/// numbers. A row is 128 bytes of k, in pieces of 16 bytes that are
/// permuted by the row (PTX: 128-byte swizzle). Operands whose rows are
/// neighbours in memory are transposed on the way.
class StagedTile {
public:
  StagedTile(MatmulBuilder &code, const OperandView &view);

  /// Loads this thread's numbers of the tile whose first term is `firstK`,
  /// vectors of 4 f32. What lies outside of the operand, or is not needed, is
  /// zero.
  SmallVector<Value> load(Value firstK, Value isNeeded);
  unsigned getNumVectors() const;

  /// Rounds numbers that were loaded and stores them.
  void store(ArrayRef<Value> numbers, Value stage);

  /// The matrix descriptor of a part's rows from `row` on, a multiple of 8.
  Value buildDescriptor(Value stage, int64_t part, Value row);

  Value getBuffer() const { return shared; }

  /// 32-bit words of a row.
  static constexpr int64_t rowWords = 32;

private:
  /// A share of the thread: 4 words of a row, or one word of 4 rows.
  struct Share {
    /// Its first row in the tile, what that adds to the address, whether it
    /// exists, and whether this thread has the share; null is true.
    Value row, address, isInside, isMine;
  };
  void chooseShares();
  void storeWords(ArrayRef<Value> words, const Share &share, Value begin);
  int64_t getTileWords() const { return view.rows * rowWords; }

  MatmulBuilder &code;
  OperandView view;
  Value global, shared;
  SmallVector<Share> shares;
  /// The first word of all shares in their rows.
  Value word;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_MATRIX_OPERANDS_STAGEDTILE_H
