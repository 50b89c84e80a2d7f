// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of contractions whose results threads keep in registers.

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/Direct/DirectEmitter.h"
#include "pdq/Codegen/GPU/Forms.h"
#include <functional>

using namespace mlir;
using namespace mlir::pdq;

namespace {
class DirectForm final : public ContractionForm {
public:
  DirectForm() : ContractionForm(plan::Form::Direct, /*maxPayload=*/64) {}

  bool canCompute(ArrayRef<linalg::LinalgOp> ops,
                  StringRef &reason) const override;
  std::optional<BlockWalk>
  findBlockWalk(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                plan::TargetAttr target) const override;

protected:
  EmitFn match(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
               FusedOps fused, plan::TargetAttr target,
               StringRef &reason) const override;
};
} // namespace

bool DirectForm::canCompute(ArrayRef<linalg::LinalgOp> ops,
                            StringRef &reason) const {
  // Where several were refused, the form in front of this one said why.
  return ops.size() == 1 && succeeded(matchDirect(ops.front(), reason));
}

std::optional<BlockWalk>
DirectForm::findBlockWalk(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                          plan::TargetAttr target) const {
  StringRef reason;
  DirectStrategy strategy = *matchDirect(ops.front(), reason);
  BlockArgument lhs = strategy.space.operands[strategy.lhs].buffer,
                rhs = strategy.space.operands[strategy.rhs].buffer;
  auto count = [](BlockArgument buffer) {
    return cast<MemRefType>(buffer.getType()).getNumElements();
  };
  // Blocks read the larger factor piece by piece, the smaller one all the time.
  return BlockWalk{count(lhs) < count(rhs) ? rhs : lhs, /*batch=*/1,
                   /*block=*/{}, nullptr};
}

EmitFn DirectForm::match(plan::KernelOp kernel, ArrayRef<linalg::LinalgOp> ops,
                         FusedOps fused, plan::TargetAttr target,
                         StringRef &reason) const {
  reason = "a sum behind it needs tensor cores, for which it is too small";
  if (llvm::any_of(fused.epilogue, std::mem_fn(&EpilogueOp::reduces)))
    return nullptr;
  DirectStrategy strategy = *matchDirect(ops.front(), reason);
  strategy.fused = std::move(fused);
  return [kernel, strategy = std::move(strategy)] {
    emitDirect(kernel, strategy);
    return success();
  };
}

const ContractionForm &mlir::pdq::getDirectForm() {
  static const DirectForm form;
  return form;
}
