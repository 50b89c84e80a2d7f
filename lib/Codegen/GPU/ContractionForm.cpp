// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is fused into a contraction, whatever its form.

#include "pdq/Codegen/GPU/ContractionForm.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<SmallVector<EpilogueOp>>
ContractionForm::matchEpilogue(Value result, ArrayRef<linalg::LinalgOp> ops,
                               StringRef &reason) const {
  return mlir::pdq::matchEpilogue(result, ops, maxPayload, reason);
}

FailureOr<FusedOps> ContractionForm::matchFusedOps(const KernelParts &parts,
                                                   StringRef &reason) const {
  linalg::LinalgOp main = parts.main;
  auto result = cast<BlockArgument>(main.getDpsInits().front());
  FusedOps fused;
  fused.init = parts.fill;
  fused.initial = parts.initial;
  reason = "what its result starts from reads or writes other elements of it";
  if (parts.initial && !isElementOp(parts.initial, result))
    return failure();
  FailureOr<SmallVector<EpilogueOp>> epilogue =
      matchEpilogue(result, parts.epilogue, reason);
  if (failed(epilogue))
    return failure();
  fused.epilogue = *epilogue;
  // An epilogue may store to the same place.
  fused.storesResult = parts.isStored(result) &&
                       llvm::none_of(parts.epilogue, [&](linalg::LinalgOp op) {
                         return llvm::is_contained(op.getDpsInits(), result);
                       });
  return fused;
}

EmitFn ContractionForm::match(const KernelParts &parts, plan::TargetAttr target,
                              StringRef &reason) const {
  SmallVector<linalg::LinalgOp> ops = parts.getContractions();
  if (!canCompute(ops, reason))
    return nullptr;
  FailureOr<FusedOps> fused = matchFusedOps(parts, reason);
  if (failed(fused))
    return nullptr;
  return match(parts.kernel, ops, std::move(*fused), target, reason);
}
