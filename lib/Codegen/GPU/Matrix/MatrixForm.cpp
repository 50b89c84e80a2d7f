// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of contractions on tensor cores.

#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Codegen/GPU/Matrix/MatrixEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
class MatrixForm final : public ContractionForm {
public:
  MatrixForm() : ContractionForm(plan::Form::Matrix, /*maxPayload=*/256) {}

  bool canCompute(ArrayRef<linalg::LinalgOp> ops,
                  StringRef &reason) const override {
    return succeeded(matchMatrix(ops, reason));
  }
  bool canAddTo(ArrayRef<linalg::LinalgOp> former,
                linalg::LinalgOp op) const override;
  std::optional<BlockWalk>
  findBlockWalk(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                plan::TargetAttr target) const override;
  std::optional<BlockPartition>
  findPartition(ArrayRef<linalg::LinalgOp> ops,
                plan::TargetAttr target) const override;
  bool usesTensorCores() const override { return true; }

protected:
  EmitFn match(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
               FusedOps fused, plan::TargetAttr target,
               StringRef &reason) const override;
};
} // namespace

bool MatrixForm::canAddTo(ArrayRef<linalg::LinalgOp> former,
                          linalg::LinalgOp op) const {
  StringRef reason;
  FailureOr<MatrixStrategy> strategy = matchMatrix(op, reason),
                            start = matchMatrix(former, reason);
  return succeeded(strategy) && succeeded(start) &&
         haveSameResult(*strategy, *start);
}

/// The tile that suits a contraction best. Where its k is small, others of
/// its launch may have more: it does without the tiles for little.
static MatrixTile chooseGroupTile(ArrayRef<MatrixTile> tiles, MatrixShape shape,
                                  plan::TargetAttr target) {
  shape.k = std::max(shape.k, tiles.front().k);
  return chooseTile(tiles, shape, target.getMath(), target.getChip());
}

std::optional<BlockWalk>
MatrixForm::findBlockWalk(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                          plan::TargetAttr target) const {
  StringRef reason;
  MatrixStrategy strategy = *matchMatrix(ops, reason);
  ArrayRef<MatrixTile> tiles =
      getTiles(strategy, target.getMath(), target.getChip());
  MatrixTile tile = chooseGroupTile(tiles, strategy.getShape(), target);
  if (std::optional<plan::TileAttr> wanted = kernel.getTile()) {
    const MatrixTile *found = llvm::find_if(
        tiles, [&](const MatrixTile &own) { return own.hasSizes(*wanted); });
    if (found == tiles.end())
      return std::nullopt;
    tile = *found;
  }
  return BlockWalk{strategy.lhs.buffer,
                   strategy.batch.size,
                   {tile.m, tile.n, tile.isWarpgroup},
                   tile.getAttr(kernel.getContext())};
}

std::optional<BlockPartition>
MatrixForm::findPartition(ArrayRef<linalg::LinalgOp> ops,
                          plan::TargetAttr target) const {
  StringRef reason;
  MatrixStrategy strategy = *matchMatrix(ops, reason);
  plan::Math math = target.getMath();
  StringRef chip = target.getChip();
  MatrixTile tile = chooseTile(getTiles(strategy, math, chip),
                               strategy.getShape(), math, chip);
  SmallVector<int64_t> grid = getGrid(strategy, tile);
  return BlockPartition{tile.getAttr(target.getContext()), grid[0] * grid[2],
                        getBlockNumber(strategy, tile)};
}

EmitFn MatrixForm::match(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                         FusedOps fused, plan::TargetAttr target,
                         StringRef &reason) const {
  MatrixStrategy strategy = *matchMatrix(ops, reason);
  strategy.fused = std::move(fused);
  return [=, strategy = std::move(strategy)] {
    return emitMatrix(kernel, strategy, target);
  };
}

const ContractionForm &mlir::pdq::getMatrixForm() {
  static const MatrixForm form;
  return form;
}
