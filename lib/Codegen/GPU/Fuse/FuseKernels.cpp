// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that fuses kernels: which ones, their forms decide.

#include "Fusion.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_FUSEKERNELS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct FuseKernels : mlir::pdq::impl::FuseKernelsBase<FuseKernels> {
  using Base::Base;

  void runOnOperation() override {
    KernelCalls calls(getOperation());
    plan::TargetAttr target = plan::getTarget(getOperation());
    auto programs = getOperation().getOps<plan::ProgramOp>();
    generalizeKernels();
    if (fusesElementwise)
      for (plan::ProgramOp program : programs)
        numElementwise += fuseElementwise(calls, program);
    // Before contractions: a sum and what it shares its rows with would be
    // apart once a contraction has taken one of them.
    if (fusesRows)
      for (plan::ProgramOp program : programs)
        numRows += fuseRows(calls, program);
    if (fusesContractions)
      for (plan::ProgramOp program : programs)
        numContractions += fuseContractions(calls, program, target);
    if (groupsContractions)
      for (plan::ProgramOp program : programs)
        numGrouped += groupContractions(calls, program, target);
    calls.eraseUnused();
  }

private:
  /// Spells copies and other named elementwise operations as generic ones.
  void generalizeKernels() {
    IRRewriter rewriter(&getContext());
    for (auto kernel : getOperation().getOps<plan::KernelOp>())
      for (linalg::LinalgOp op : getKernelOps(kernel))
        if (!isa<linalg::GenericOp, linalg::FillOp>(*op) &&
            op.getNumReductionLoops() == 0) {
          rewriter.setInsertionPoint(op);
          // What has no generic form is fused with nothing.
          (void)linalg::generalizeNamedOp(rewriter, op);
        }
  }
};
} // namespace
