// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering that takes every kernel, so that a form which no emitter knows
// is slow instead of an error.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_LOWERKERNELSTOLOOPS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Restricts the outermost loop to the range arguments if it is parallel.
/// Returns the extent of the range.
static int64_t restrictToRange(func::FuncOp kernel, linalg::LinalgOp op,
                               ArrayRef<Operation *> loops) {
  if (loops.empty() ||
      op.getIteratorTypesArray().front() != utils::IteratorType::parallel)
    return 1;
  auto outer = cast<scf::ForOp>(loops.front());
  unsigned numArguments = kernel.getNumArguments();
  outer.setLowerBound(kernel.getArgument(numArguments - 2));
  outer.setUpperBound(kernel.getArgument(numArguments - 1));
  return op.getStaticLoopRanges().front();
}

namespace {
struct LowerKernelsToLoops
    : mlir::pdq::impl::LowerKernelsToLoopsBase<LowerKernelsToLoops> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr("pdq.kernel") || kernel->hasAttr("pdq.range"))
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
    kernel->setAttr("pdq.range", rewriter.getI64IntegerAttr(range));
    // Where the kernel was declined, the attribute says why.
    if (!kernel->hasAttr("pdq.scalar"))
      kernel->setAttr("pdq.scalar", rewriter.getUnitAttr());
  }
};
} // namespace
