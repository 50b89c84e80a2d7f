// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes in which a block of threads computes a contraction: a table of
// tiles, and the choice among them.

#ifndef PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H
#define PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H

#include "mlir/Support/LLVM.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir::pdq {

/// A tile of C[m, n] += A[m, k] * B[k, n]: a block of threads computes m x n
/// elements, k terms of the sums at a time; each warp has a part of them.
struct MatrixTile {
  int64_t m, n, k;
  int64_t warpM, warpN;
  /// Warpgroups multiply, not single warps.
  bool isWarpgroup = false;

  /// Tiles of operands in shared memory: one is multiplied while the others
  /// travel, through registers in the case of warpgroups.
  static constexpr int64_t numStages = 3, numWarpgroupStages = 2;
  static constexpr int64_t warpSize = 32;

  int64_t getNumWarps() const { return m / warpM * (n / warpN); }
  /// The tile as an attribute of a kernel.
  plan::TileAttr getAttr(MLIRContext *context) const {
    return plan::TileAttr::get(context, m, n, k);
  }
  /// Whether it has the sizes that a kernel asks for.
  bool hasSizes(plan::TileAttr sizes) const {
    return sizes.getM() == m && sizes.getN() == n && sizes.getK() == k;
  }
  int64_t getBlockSize() const { return getNumWarps() * warpSize; }
  /// Bytes of shared memory, at most; how rows are padded depends on operands.
  int64_t getSharedBytes(plan::Math math) const;
};

/// Extents of a contraction; all batches are launched at once.
struct MatrixShape {
  int64_t m, n, k, batch;
};

/// Tiles for mma.sync, which every supported chip has.
ArrayRef<MatrixTile> getWarpTiles();
/// Tiles for wgmma, which sm_90a has.
ArrayRef<MatrixTile> getWarpgroupTiles(plan::Math math);

/// The tile with the least estimated time on `chip`. A block costs
///   m * n + copyWeight * (m + n)
/// for each k, its multiply-adds and its copies; the chip takes as long as the
/// multiprocessor with the most blocks. Tiles for which the chip has not enough
/// shared memory are left out.
MatrixTile chooseTile(ArrayRef<MatrixTile> tiles, const MatrixShape &shape,
                      plan::Math math, StringRef chip);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_MATRIX_MATRIXTILE_H
