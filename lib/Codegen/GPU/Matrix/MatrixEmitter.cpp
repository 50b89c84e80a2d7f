// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A matrix kernel from its parts: the tile, the multiply-adds, the result.

#include "pdq/Codegen/GPU/Matrix/MatrixEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/Matrix/Operands/WarpProducts.h"
#include "pdq/Codegen/GPU/Matrix/Operands/WarpgroupProducts.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"
#include "pdq/Plan/Analysis/ChipLimits.h"

using namespace mlir;
using namespace mlir::pdq;

/// Shared memory that a kernel can have statically.
static constexpr int64_t staticSharedBytes = 48 * 1024;

int64_t mlir::pdq::getLaunchSharedBytes(plan::KernelOp kernel) {
  int64_t bytes = 0;
  bool isSwizzled = false;
  for (auto alloc : kernel.getOps<memref::AllocOp>()) {
    MemRefType type = alloc.getType();
    int64_t alignment = alloc.getAlignment().value_or(1);
    isSwizzled |= alignment > 16;
    bytes = llvm::alignTo(bytes, alignment) +
            type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
  return bytes > staticSharedBytes || isSwizzled ? bytes : 0;
}

ArrayRef<MatrixTile> mlir::pdq::getTiles(const MatrixStrategy &strategy,
                                         plan::Math math, StringRef chip) {
  if (getChipLimits(chip).hasWarpgroupMatrix && canUseWarpgroups(strategy) &&
      llvm::all_of(strategy.further, canUseWarpgroups))
    return getWarpgroupTiles(math);
  return getWarpTiles();
}

/// The tile that the kernel asks for, else the best one. Fails
/// where there is no such tile.
static FailureOr<MatrixTile> findTile(plan::KernelOp kernel,
                                      ArrayRef<MatrixTile> tiles,
                                      const MatrixStrategy &strategy,
                                      plan::Math math, StringRef chip) {
  std::optional<plan::TileAttr> wanted = kernel.getTile();
  if (!wanted)
    return chooseTile(tiles, strategy.getShape(), math, chip);
  for (const MatrixTile &tile : tiles)
    if (tile.hasSizes(*wanted))
      return tile;
  InFlightDiagnostic diag = kernel.emitError("tile is ")
                            << wanted->getM() << "x" << wanted->getN() << "x"
                            << wanted->getK() << ", expected one of ";
  llvm::interleaveComma(tiles, diag, [&](const MatrixTile &tile) {
    diag << tile.m << "x" << tile.n << "x" << tile.k;
  });
  return diag;
}

/// Sums behind the contraction are those of blocks of `tile`.
static LogicalResult checkSums(const MatrixStrategy &strategy,
                               const MatrixTile &tile) {
  AffineExpr block = getBlockNumber(strategy, tile);
  for (const EpilogueOp &part : strategy.fused.epilogue) {
    linalg::GenericOp op = part.op;
    if (!part.reduces())
      continue;
    // Sums of one value are written in many ways, and reading a text makes
    // others than those that were printed.
    AffineMap map = part.getMap(*op.getDpsInitOperand(0));
    if (simplifyAffineExpr(map.getResult(0) - block, map.getNumDims(), 0) !=
        getAffineConstantExpr(0, op.getContext()))
      return op.emitOpError("sums over other elements than those of a block "
                            "with a tile of [")
             << tile.m << ", " << tile.n << "]";
  }
  return success();
}

/// Blocks of a multiprocessor for which threads get registers, as far as ptxas
/// should not choose: threads may have those that no other block could use,
/// because shared memory leaves no room for it. Tiles with many sums need more
/// registers than that, and so do warpgroups, which stage operands in them;
/// with 64 sums in TF32 they fit twice.
static std::optional<int64_t> getMinBlocks(const MatrixTile &tile,
                                           plan::Math math, StringRef chip,
                                           int64_t sharedBytes) {
  constexpr int64_t fewSums = 32, registers = 64;
  int64_t threads = tile.getBlockSize(), sums = tile.m * tile.n / threads;
  int64_t blocks = getBlocksPerMultiprocessor(getChipLimits(chip), threads,
                                              registers, sharedBytes);
  if (tile.isWarpgroup && math == plan::Math::TF32 && sums > fewSums)
    return std::min<int64_t>(blocks, 2);
  if (tile.isWarpgroup || sums > fewSums)
    return std::nullopt;
  return blocks;
}

static void setMatrixLaunch(plan::KernelOp kernel,
                            const MatrixStrategy &strategy,
                            const MatrixTile &tile, plan::TargetAttr target) {
  int64_t bytes = getLaunchSharedBytes(kernel), blocks = 0;
  if (bytes > 0)
    blocks = getMinBlocks(tile, target.getMath(), target.getChip(), bytes)
                 .value_or(0);
  Builder b(kernel);
  kernel.setTileAttr(tile.getAttr(b.getContext()));
  kernel.setForm(plan::Form::Matrix);
  kernel.setLaunchAttr(plan::LaunchConfigAttr::get(
      b.getContext(), b.getDenseI64ArrayAttr(getGrid(strategy, tile)),
      b.getDenseI64ArrayAttr({tile.getBlockSize(), 1, 1}), bytes, blocks));
}

LogicalResult mlir::pdq::emitMatrix(plan::KernelOp kernel,
                                    const MatrixStrategy &strategy,
                                    plan::TargetAttr target) {
  plan::Math math = target.getMath();
  StringRef chip = target.getChip();
  FailureOr<MatrixTile> tile =
      findTile(kernel, getTiles(strategy, math, chip), strategy, math, chip);
  if (failed(tile))
    return failure();
  if (failed(checkSums(strategy, *tile)))
    return failure();
  MatmulBuilder code(strategy, *tile, math);
  storeSums(code, tile->isWarpgroup ? emitWarpgroupProducts(code)
                                    : emitWarpProducts(code));
  setMatrixLaunch(kernel, strategy, *tile, target);
  eraseKernelOps(kernel);
  return success();
}
