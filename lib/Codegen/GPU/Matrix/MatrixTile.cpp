// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of tiles.

#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"
#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"
#include "pdq/Plan/Analysis/ChipLimits.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

/// What copying a number costs, in multiply-adds. An estimate: an element of a
/// tile is loaded, stored and fetched again for the cost of 32 multiply-adds.
static constexpr int64_t copyWeight = 32;

/// Larger tiles read less for a multiply-add, smaller ones keep more
/// multiprocessors busy and waste less at the borders. Tiles of k = 16 are for
/// contractions that have no more.
ArrayRef<MatrixTile> mlir::pdq::getWarpTiles() {
  static const MatrixTile tiles[] = {
      {128, 128, 32, 64, 32}, {128, 64, 32, 32, 32}, {64, 64, 32, 32, 32},
      {128, 32, 32, 32, 32},  {64, 32, 32, 16, 32},  {128, 16, 32, 32, 16},
      {64, 16, 32, 16, 16},   {64, 64, 16, 32, 32},  {64, 32, 16, 16, 32},
      {64, 16, 16, 16, 16}};
  return tiles;
}

/// A row of a tile has 128 bytes: 32 numbers, of bf16 64.
ArrayRef<MatrixTile> mlir::pdq::getWarpgroupTiles(plan::Math math) {
  static const MatrixTile tiles[] = {
      {128, 128, 32, 16, 128, true}, {128, 64, 32, 16, 64, true},
      {64, 64, 32, 16, 64, true},    {128, 32, 32, 16, 32, true},
      {64, 32, 32, 16, 32, true},    {128, 16, 32, 16, 16, true},
      {64, 16, 32, 16, 16, true}};
  static const MatrixTile bf16[] = {
      {128, 128, 64, 16, 128, true}, {128, 64, 64, 16, 64, true},
      {64, 64, 64, 16, 64, true},    {128, 32, 64, 16, 32, true},
      {64, 32, 64, 16, 32, true},    {128, 16, 64, 16, 16, true},
      {64, 16, 64, 16, 16, true}};
  if (math == plan::Math::BF16)
    return bf16;
  return tiles;
}

int64_t MatrixTile::getSharedBytes(plan::Math math) const {
  constexpr int64_t padding = 8, bytes = 4, rowBytes = 128;
  if (isWarpgroup)
    return numWarpgroupStages * getNumParts(math) * (m + n) * rowBytes;
  int64_t numbers = (m + n) * k + padding * (std::max(m, k) + std::max(n, k));
  return numStages * numbers * bytes;
}

MatrixTile mlir::pdq::chooseTile(ArrayRef<MatrixTile> tiles,
                                 const MatrixShape &shape, plan::Math math,
                                 StringRef chip) {
  const ChipLimits &limits = getChipLimits(chip);
  const MatrixTile *best = nullptr;
  int64_t least = 0;
  for (const MatrixTile &tile : tiles) {
    bool isShallow = tile.k <= 16 && shape.k > tile.k;
    if (isShallow || tile.getSharedBytes(math) > limits.blockSharedBytes)
      continue;
    int64_t blocks = llvm::divideCeil(shape.m, tile.m) *
                     llvm::divideCeil(shape.n, tile.n) * shape.batch;
    int64_t cost = tile.m * tile.n + copyWeight * (tile.m + tile.n);
    int64_t time = int64_t(llvm::divideCeil(blocks, limits.multiprocessors)) *
                   cost * llvm::divideCeil(shape.k, tile.k) * tile.k;
    // Of equals the smaller: its blocks overlap.
    if (!best || time <= least) {
      best = &tile;
      least = time;
    }
  }
  return *best;
}
