// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering that takes every kernel, so that a form which no emitter knows
// is slow instead of an error.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_LOWERKERNELSTOLOOPS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

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

namespace {
struct LowerKernelsToLoops
    : mlir::pdq::impl::LowerKernelsToLoopsBase<LowerKernelsToLoops> {
  void runOnOperation() override {
    plan::KernelOp kernel = getOperation();
    if (kernel.isEmitted())
      return;
    auto ops = kernel.getOps<linalg::LinalgOp>();
    if (!llvm::hasSingleElement(ops)) {
      kernel.emitOpError("kernel holds ")
          << std::distance(ops.begin(), ops.end())
          << " linalg operations, expected 1";
      return signalPassFailure();
    }
    linalg::LinalgOp op = *ops.begin();
    IRRewriter rewriter(op);
    FailureOr<linalg::LinalgLoops> loops =
        linalg::linalgOpToLoops(rewriter, op);
    if (failed(loops)) {
      op.emitOpError("cannot be executed: it has no form as loops");
      return signalPassFailure();
    }
    int64_t range = restrictToRange(kernel, op, *loops);
    rewriter.eraseOp(op);
    kernel.setRange(range);
    kernel.setForm(plan::Form::Scalar);
  }
};
} // namespace
