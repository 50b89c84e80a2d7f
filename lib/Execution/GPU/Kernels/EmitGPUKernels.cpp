// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that turns linalg kernels into what one thread of a GPU does.

#include "MatrixEmitter.h"
#include "ThreadEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EMITGPUKERNELS
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// The first operation of the payload that only a device library has: functions
/// of f64 beyond roots, rounding and signs.
static Operation *findUnsupported(linalg::LinalgOp op) {
  for (Operation &scalar : op.getBlock()->without_terminator()) {
    bool isMath = isa_and_nonnull<math::MathDialect>(scalar.getDialect());
    if (isMath && scalar.getResult(0).getType().isF64() &&
        !isa<math::SqrtOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
             math::TruncOp, math::AbsFOp, math::CopySignOp, math::FmaOp>(
            scalar))
      return &scalar;
  }
  return nullptr;
}

namespace {
struct EmitGPUKernels : pdq::impl::EmitGPUKernelsBase<EmitGPUKernels> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr("pdq.kernel") || kernel->hasAttr("pdq.grid"))
      return;
    auto ops = kernel.getOps<linalg::LinalgOp>();
    if (!llvm::hasSingleElement(ops)) {
      kernel.emitOpError("kernel holds ")
          << std::distance(ops.begin(), ops.end())
          << " linalg operations, expected 1";
      return signalPassFailure();
    }
    linalg::LinalgOp op = *ops.begin();
    if (Operation *unsupported = findUnsupported(op)) {
      unsupported->emitOpError("cannot be executed on a GPU in f64: compute it "
                               "in f32");
      return signalPassFailure();
    }
    if (math != "fp32" && math != "tf32") {
      kernel.emitError("option 'math' is '")
          << math << "', expected 'fp32' or 'tf32'";
      return signalPassFailure();
    }
    StringRef reason;
    if (FailureOr<MatrixPlan> plan = planMatrix(op, reason); succeeded(plan)) {
      emitMatrix(kernel, *plan,
                 math == "tf32" ? MatrixMath::TF32 : MatrixMath::FP32);
      ++numEmitted;
      return;
    }
    reason = "its payload has an operation without vector form";
    FailureOr<ThreadPlan> plan = isVectorizable(op)
                                     ? planThreads(op, reason)
                                     : FailureOr<ThreadPlan>(failure());
    if (succeeded(plan)) {
      emitThreads(kernel, *plan);
      ++numEmitted;
      return;
    }
    op.emitRemark("kernel takes the slow fallback: ") << reason;
    if (failed(emitFallback(kernel, op))) {
      op.emitOpError("cannot be executed: it has no form as loops");
      return signalPassFailure();
    }
    ++numFallback;
  }
};
} // namespace
