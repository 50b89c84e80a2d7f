// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forms of contractions, and what other kernels can be fused into them: what
// emits the code is what decides.

#ifndef PDQ_CODEGEN_GPU_CONTRACTIONFORM_H
#define PDQ_CODEGEN_GPU_CONTRACTIONFORM_H

#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/GPU/Epilogue/Epilogue.h"

namespace mlir::pdq {

/// What is fused into a contraction.
struct FusedOps {
  /// Where the sums start; null where they are added to what the result holds.
  Value init;
  /// Computes where the sums start, instead of `init`; or null.
  linalg::GenericOp initial;
  /// Reads the elements of the result while they are in registers.
  SmallVector<EpilogueOp> epilogue;
  /// Whether the result itself is needed.
  bool storesResult = true;
};

/// How the blocks of a contraction read its operands: contractions that agree
/// can be in one launch, whose blocks take turns.
struct BlockWalk {
  /// The argument of the kernel that blocks read one piece after the other.
  BlockArgument operand;
  /// Batches of the contraction, each of which all blocks go through.
  int64_t batch = 1;
  /// What a block computes, for comparison.
  SmallVector<int64_t> block;
  /// The tile that makes it so; null in forms that have one size.
  plan::TileAttr tile;

  bool agreesWith(const BlockWalk &other) const {
    return batch == other.batch && block == other.block;
  }
};

/// The elements of a result by the blocks of threads that have them.
struct BlockPartition {
  plan::TileAttr tile;
  int64_t numBlocks = 0;
  /// The number of the block, as a function of the result's dimensions.
  AffineExpr number;
};

/// A form of contractions. `ops` are contractions that are added to one result.
class ContractionForm : public KernelForm {
public:
  ContractionForm(plan::Form form, size_t maxPayload)
      : KernelForm(form, {KernelKind::Single, KernelKind::Fused}),
        maxPayload(maxPayload) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const final;
  const ContractionForm *asContractionForm() const final { return this; }

  /// Whether all of `ops` can be computed in one kernel.
  virtual bool canCompute(ArrayRef<linalg::LinalgOp> ops,
                          StringRef &reason) const = 0;

  /// Whether the sums of `former`, contractions of another kernel, can be those
  /// that `op` adds to: threads have both in the same registers.
  virtual bool canAddTo(ArrayRef<linalg::LinalgOp> former,
                        linalg::LinalgOp op) const {
    return false;
  }

  /// The epilogue that `ops` are for the elements of `result`; a reason where
  /// they read or write other elements of it than those that a thread has.
  FailureOr<SmallVector<EpilogueOp>>
  matchEpilogue(Value result, ArrayRef<linalg::LinalgOp> ops,
                StringRef &reason) const;

  /// How the blocks of `kernel` read their operands; nothing where it asks for
  /// a tile that the form has not.
  virtual std::optional<BlockWalk>
  findBlockWalk(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                plan::TargetAttr target) const = 0;

  /// Which block has which element of the result, on which an epilogue's sums
  /// then are; nothing where the form has no sums.
  virtual std::optional<BlockPartition>
  findPartition(ArrayRef<linalg::LinalgOp> ops, plan::TargetAttr target) const {
    return std::nullopt;
  }

protected:
  /// The same as `match`, for contractions with what is fused into them.
  virtual EmitFn match(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                       FusedOps fused, plan::TargetAttr target,
                       StringRef &reason) const = 0;

private:
  FailureOr<FusedOps> matchFusedOps(const KernelParts &parts,
                                    StringRef &reason) const;

  /// Operations in a payload of an epilogue, at most: it is repeated for each
  /// element that a thread has.
  size_t maxPayload;
};

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_CONTRACTIONFORM_H
