// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A matrix kernel from its parts: the tile, the products, the result.

#include "pdq/Codegen/GPU/Matrix/MatrixEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/ChipLimits.h"
#include "pdq/Codegen/GPU/Matrix/Operands/WarpProducts.h"
#include "pdq/Codegen/GPU/Matrix/Operands/WarpgroupProducts.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Shared memory that needs no asking for.
static constexpr int64_t staticSharedBytes = 48 * 1024;

void mlir::pdq::setSharedBytes(func::FuncOp kernel) {
  int64_t bytes = 0;
  bool isSwizzled = false;
  for (auto alloc : kernel.getOps<memref::AllocOp>()) {
    MemRefType type = alloc.getType();
    int64_t alignment = alloc.getAlignment().value_or(1);
    isSwizzled |= alignment > 16;
    bytes = llvm::alignTo(bytes, alignment) +
            type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
  if (bytes > staticSharedBytes || isSwizzled)
    kernel->setAttr("pdq.shared_bytes",
                    Builder(kernel).getI64IntegerAttr(bytes));
}

ArrayRef<MatrixTile> mlir::pdq::getTiles(const MatrixPlan &plan,
                                         MatrixMath math, StringRef chip) {
  if (getChipLimits(chip).hasWarpgroupMatrix && canUseWarpgroups(plan) &&
      llvm::all_of(plan.further, canUseWarpgroups))
    return getWarpgroupTiles(math);
  return getWarpTiles();
}

/// The tile that the kernel asks for with `pdq.tile`, else the best one. Fails
/// where there is no such tile.
static FailureOr<MatrixTile> findTile(func::FuncOp kernel,
                                      ArrayRef<MatrixTile> tiles,
                                      const MatrixPlan &plan, MatrixMath math,
                                      StringRef chip) {
  auto wanted = kernel->getAttrOfType<DenseI64ArrayAttr>("pdq.tile");
  if (!wanted)
    return chooseTile(tiles, plan.getShape(), math, chip);
  for (const MatrixTile &tile : tiles)
    if (ArrayRef{tile.rows, tile.columns, tile.terms} == wanted.asArrayRef())
      return tile;
  InFlightDiagnostic diag = kernel.emitError("'pdq.tile' is [")
                            << wanted.asArrayRef() << "], expected one of ";
  llvm::interleaveComma(tiles, diag, [&](const MatrixTile &tile) {
    diag << "[" << tile.rows << ", " << tile.columns << ", " << tile.terms
         << "]";
  });
  return diag;
}

/// Sums behind the product are those of blocks of `tile`.
static LogicalResult checkSums(const MatrixPlan &plan, const MatrixTile &tile) {
  AffineExpr block = getBlockNumber(plan, tile);
  for (const EpilogueOp &part : plan.epilogue) {
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
             << tile.rows << ", " << tile.columns << "]";
  }
  return success();
}

/// Blocks of a multiprocessor for which threads get registers, as far as ptxas
/// should not choose: threads may have those that no other block could use,
/// because shared memory leaves no room for it. Tiles with many sums need more
/// registers than that, and so do warpgroups, which stage operands in them;
/// with 64 sums in TF32 they fit twice.
static std::optional<int64_t> getMinBlocks(const MatrixTile &tile,
                                           MatrixMath math, StringRef chip,
                                           int64_t sharedBytes) {
  constexpr int64_t fewSums = 32, registers = 64;
  int64_t threads = tile.getBlockSize(),
          sums = tile.rows * tile.columns / threads;
  int64_t blocks = getBlocksPerMultiprocessor(getChipLimits(chip), threads,
                                              registers, sharedBytes);
  if (tile.isWarpgroup && math == MatrixMath::TF32 && sums > fewSums)
    return std::min<int64_t>(blocks, 2);
  if (tile.isWarpgroup || sums > fewSums)
    return std::nullopt;
  return blocks;
}

static void setMinBlocks(func::FuncOp kernel, const MatrixTile &tile,
                         MatrixMath math, StringRef chip) {
  auto bytes = kernel->getAttrOfType<IntegerAttr>("pdq.shared_bytes");
  if (!bytes)
    return;
  if (auto blocks = getMinBlocks(tile, math, chip, bytes.getInt()))
    kernel->setAttr("pdq.min_blocks",
                    Builder(kernel).getI64IntegerAttr(*blocks));
}

LogicalResult mlir::pdq::emitMatrix(func::FuncOp kernel, const MatrixPlan &plan,
                                    MatrixMath math, StringRef chip) {
  FailureOr<MatrixTile> tile =
      findTile(kernel, getTiles(plan, math, chip), plan, math, chip);
  if (failed(tile))
    return failure();
  if (failed(checkSums(plan, *tile)))
    return failure();
  MatrixCode code(plan, *tile, math);
  storeSums(code, tile->isWarpgroup ? emitWarpgroupProducts(code)
                                    : emitWarpProducts(code));
  kernel->setAttr("pdq.tile", code.b.getDenseI64ArrayAttr(
                                  {tile->rows, tile->columns, tile->terms}));
  setLaunch(kernel, getGrid(plan, *tile), {tile->getBlockSize(), 1, 1},
            "matrix");
  setSharedBytes(kernel);
  setMinBlocks(kernel, *tile, math, chip);
  for (auto op : llvm::to_vector(kernel.getOps<linalg::LinalgOp>()))
    op->erase();
  return success();
}
