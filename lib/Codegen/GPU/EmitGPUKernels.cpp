// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that turns linalg kernels into what one thread of a GPU does.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Epilogue/GroupEmitter.h"
#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EMITGPUKERNELS
#include "pdq/Codegen/Passes.h.inc"
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

static LogicalResult checkPayload(linalg::LinalgOp op) {
  Operation *unsupported = findUnsupported(op);
  if (!unsupported)
    return success();
  return unsupported->emitOpError(
      "cannot be executed on a GPU in f64: compute it in f32");
}

namespace {
struct EmitGPUKernels : pdq::impl::EmitGPUKernelsBase<EmitGPUKernels> {
  void runOnOperation() override {
    plan::KernelOp kernel = getOperation();
    if (kernel.isEmitted())
      return;
    if (failed(kernel.getGroups() ? emitGrouped(kernel) : emit(kernel)))
      signalPassFailure();
  }

private:
  LogicalResult emitGrouped(plan::KernelOp kernel);
  LogicalResult emit(plan::KernelOp kernel);
};
} // namespace

/// Each group as a kernel of its own, then all of them in one.
LogicalResult EmitGPUKernels::emitGrouped(plan::KernelOp kernel) {
  SmallVector<OwningOpRef<plan::KernelOp>> groups = separateGroups(kernel);
  for (OwningOpRef<plan::KernelOp> &group : groups)
    if (failed(emit(*group)))
      return failure();
  return emitGroups(kernel, groups);
}

LogicalResult EmitGPUKernels::emit(plan::KernelOp kernel) {
  Location loc = kernel.getLoc();
  for (linalg::LinalgOp op : getKernelOps(kernel)) {
    if (failed(checkPayload(op)))
      return failure();
    loc = op.getLoc();
  }
  StringRef reason;
  FailureOr<const KernelForm *> form = emitKernel(
      kernel, getGPUForms(), plan::getTarget(getOperation()), reason);
  if (failed(form))
    return failure();
  if (*form != &getScalarForm()) {
    ++numEmitted;
    return success();
  }
  mlir::emitRemark(loc, "kernel takes the slow fallback: ") << reason;
  kernel.setDeclined(reason);
  ++numFallback;
  return success();
}
