// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packed constants as constants again, for what runs or compiles the module:
// nothing is unpacked while it runs.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Export/Constants/PackedConstants.h"
#include "pdq/Export/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_UNPACKCONSTANTS
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Whether `value` is a tensor of a packed type.
static bool isPackedTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isPackedType(type.getElementType());
}

/// Whether something but the operations that compute packed integers reads it.
static bool isReadOutside(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return user->getNumResults() == 0 ||
           !llvm::all_of(user->getResults(), isPackedTensor);
  });
}

/// Erases `op` and what it was computed from, where nothing else reads it.
static void eraseDead(IRRewriter &rewriter, Operation *op) {
  llvm::SetVector<Operation *> candidates;
  candidates.insert(op);
  while (!candidates.empty()) {
    Operation *dead = candidates.pop_back_val();
    if (!isOpTriviallyDead(dead))
      continue;
    llvm::SetVector<Value> inputs(dead->operand_begin(), dead->operand_end());
    getUsedValuesDefinedAbove(dead->getRegions(), inputs);
    for (Value input : inputs)
      if (Operation *definition = input.getDefiningOp())
        candidates.insert(definition);
    rewriter.eraseOp(dead);
  }
}

namespace {
struct UnpackConstants : pdq::impl::UnpackConstantsBase<UnpackConstants> {
  using UnpackConstantsBase::UnpackConstantsBase;

  void runOnOperation() override {
    SmallVector<OpResult> computed;
    getOperation()->walk([&](Operation *op) {
      for (OpResult result : op->getResults())
        if (!op->hasTrait<OpTrait::ConstantLike>() && isPackedTensor(result) &&
            isReadOutside(result))
          computed.push_back(result);
    });
    IRRewriter rewriter(&getContext());
    for (OpResult value : computed) {
      DenseIntElementsAttr integers = readIntegers(value);
      if (!integers)
        continue;
      Operation *op = value.getOwner();
      rewriter.setInsertionPoint(op);
      Value constant =
          arith::ConstantOp::create(rewriter, op->getLoc(), integers);
      rewriter.replaceAllUsesWith(value, constant);
      eraseDead(rewriter, op);
      ++numUnpacked;
    }
  }
};
} // namespace
