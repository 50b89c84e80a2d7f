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

/// Removes the fill that a reduction starts from; returns its value, or null.
static Value takeInit(SmallVectorImpl<linalg::LinalgOp> &ops) {
  if (ops.size() != 2 || ops[1].getNumReductionLoops() == 0 ||
      ops[1].getNumDpsInits() != 1)
    return nullptr;
  auto fill = dyn_cast<linalg::FillOp>(ops[0].getOperation());
  if (!fill || fill.getOutputs()[0] != ops[1].getDpsInits()[0])
    return nullptr;
  Value init = fill.getInputs()[0];
  fill->erase();
  ops.erase(ops.begin());
  return init;
}

namespace {
struct EmitGPUKernels : pdq::impl::EmitGPUKernelsBase<EmitGPUKernels> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr("pdq.kernel") || kernel->hasAttr("pdq.grid"))
      return;
    auto ops = llvm::to_vector(kernel.getOps<linalg::LinalgOp>());
    Value init = takeInit(ops);
    if (!llvm::hasSingleElement(ops)) {
      kernel.emitOpError("kernel holds ")
          << ops.size() << " linalg operations, expected 1";
      return signalPassFailure();
    }
    linalg::LinalgOp op = ops.front();
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
      plan->init = init;
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
      plan->init = init;
      emitThreads(kernel, *plan);
      ++numEmitted;
      return;
    }
    op.emitRemark("kernel takes the slow fallback: ") << reason;
    if (failed(emitFallback(kernel, op, init))) {
      op.emitOpError("cannot be executed: it has no form as loops");
      return signalPassFailure();
    }
    ++numFallback;
  }
};
} // namespace
