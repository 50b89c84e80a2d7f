// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes in which a block of threads computes a matrix product: a table of
// tiles, and the choice among them.

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H
#define PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir::pdq {

/// Precision of products: that of f32 from three products of TF32 parts; TF32
/// (10 bits of mantissa) to nearest; bf16 (7 bits) to nearest. Sums are f32.
enum class MatrixMath { FP32, TF32, BF16 };

/// The precision called `name`: "fp32", "tf32" or "bf16".
std::optional<MatrixMath> findMatrixMath(StringRef name);

/// A tile of the result, [rows, columns], which a block of threads computes
/// `terms` terms at a time; each warp has a part of it.
struct MatrixTile {
  int64_t rows, columns, terms;
  int64_t warpRows, warpColumns;
  /// Warpgroups multiply, not single warps.
  bool isWarpgroup = false;

  /// Tiles of operands in shared memory: one is multiplied while the others
  /// travel, through registers in the case of warpgroups.
  static constexpr int64_t numStages = 3, numWarpgroupStages = 2;
  static constexpr int64_t warpSize = 32;

  int64_t getNumWarps() const {
    return rows / warpRows * (columns / warpColumns);
  }
  int64_t getBlockSize() const { return getNumWarps() * warpSize; }
  /// Bytes of shared memory, at most; how rows are padded depends on operands.
  int64_t getSharedBytes(MatrixMath math) const;
};

/// Extents of a product; all batches are launched at once.
struct MatrixShape {
  int64_t rows, columns, terms, batch;
};

/// Tiles for mma.sync, which every supported chip has.
ArrayRef<MatrixTile> getWarpTiles();
/// Tiles for wgmma, which sm_90a has.
ArrayRef<MatrixTile> getWarpgroupTiles(MatrixMath math);

/// The tile with the least estimated time on `chip`. A block costs
///   rows * columns + copyWeight * (rows + columns)
/// a term, its products and its copies; the chip takes as long as the
/// multiprocessor with the most blocks. Tiles for which the chip has not enough
/// shared memory are left out.
MatrixTile chooseTile(ArrayRef<MatrixTile> tiles, const MatrixShape &shape,
                      MatrixMath math, StringRef chip);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H
