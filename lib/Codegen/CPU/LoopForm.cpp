// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of scalar loops: correct for everything, and slow.

#include "Forms.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::pdq;

/// Restricts the outermost loop to the range of a thread if it is parallel.
/// Returns the extent of the range.
static int64_t restrictToRange(plan::KernelOp kernel, linalg::LinalgOp op,
                               ArrayRef<Operation *> loops) {
  if (loops.empty() ||
      op.getIteratorTypesArray().front() != utils::IteratorType::parallel)
    return 1;
  auto outer = cast<scf::ForOp>(loops.front());
  OpBuilder builder(outer);
  auto range = plan::RangeOp::create(builder, outer.getLoc());
  outer.setLowerBound(range.getBegin());
  outer.setUpperBound(range.getEnd());
  return op.getStaticLoopRanges().front();
}

static LogicalResult emitLoops(plan::KernelOp kernel, linalg::LinalgOp op) {
  IRRewriter rewriter(op);
  FailureOr<linalg::LinalgLoops> loops = linalg::linalgOpToLoops(rewriter, op);
  if (failed(loops))
    return op.emitOpError("cannot be executed: it has no form as loops");
  int64_t range = restrictToRange(kernel, op, *loops);
  rewriter.eraseOp(op);
  kernel.setRange(range);
  kernel.setForm(plan::Form::Scalar);
  return success();
}

namespace {
class LoopForm final : public KernelForm {
public:
  LoopForm() : KernelForm(plan::Form::Scalar, KernelKind::Single) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    reason = "it holds the fill that it starts from";
    if (parts.fill)
      return nullptr;
    return [kernel = parts.kernel, op = parts.main] {
      return emitLoops(kernel, op);
    };
  }
};
} // namespace

const KernelForm &mlir::pdq::getLoopForm() {
  static const LoopForm form;
  return form;
}
