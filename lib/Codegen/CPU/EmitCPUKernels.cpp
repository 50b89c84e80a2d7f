// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that turns linalg kernels into loops of a CPU.

#include "Forms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EMITCPUKERNELS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct EmitCPUKernels : pdq::impl::EmitCPUKernelsBase<EmitCPUKernels> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (!llvm::is_contained({0u, 4u, 8u, 16u}, unsigned(vectorWidth)))
      return emitError(getOptionsLocation(context))
             << "option 'vector-width' is " << unsigned(vectorWidth)
             << ", expected 4, 8 or 16, or 0 for scalar loops";
    if (vectorWidth > 0)
      vectorForm = createVectorForm(vectorWidth);
    return success();
  }

  void runOnOperation() override {
    plan::KernelOp kernel = getOperation();
    if (!kernel.isEmitted() && failed(emit(kernel)))
      signalPassFailure();
  }

private:
  LogicalResult emit(plan::KernelOp kernel);

  /// Null where scalar loops are asked for.
  std::shared_ptr<const KernelForm> vectorForm;
};
} // namespace

LogicalResult EmitCPUKernels::emit(plan::KernelOp kernel) {
  SmallVector<const KernelForm *> forms{&getLoopForm()};
  // A kernel that an emitter declined keeps its reason.
  bool triesVectors = vectorForm && !kernel.getDeclined();
  if (triesVectors)
    forms.insert(forms.begin(), vectorForm.get());
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  Location loc = ops.empty() ? kernel.getLoc() : ops.front().getLoc();
  StringRef reason;
  FailureOr<const KernelForm *> form =
      emitKernel(kernel, forms, /*target=*/{}, reason);
  if (failed(form))
    return failure();
  if (*form == vectorForm.get()) {
    ++numVectorized;
  } else if (triesVectors) {
    mlir::emitRemark(loc, "kernel takes the scalar fallback: ") << reason;
    kernel.setDeclined(reason);
    ++numDeclined;
  }
  return success();
}
