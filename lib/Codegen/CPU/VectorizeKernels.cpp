// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that turns linalg kernels into loop nests over vectors.

#include "NestEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_VECTORIZEKERNELS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct VectorizeKernels : pdq::impl::VectorizeKernelsBase<VectorizeKernels> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (llvm::is_contained({4u, 8u, 16u}, unsigned(vectorWidth)))
      return success();
    return emitError(getOptionsLocation(context))
           << "option 'vector-width' is " << unsigned(vectorWidth)
           << ", expected 4, 8 or 16";
  }

  void runOnOperation() override {
    plan::KernelOp kernel = getOperation();
    if (kernel.isEmitted() || kernel.getDeclined())
      return;
    auto ops = kernel.getOps<linalg::LinalgOp>();
    if (!llvm::hasSingleElement(ops))
      return;
    linalg::LinalgOp op = *ops.begin();
    StringRef reason = "its payload has an operation without vector form";
    FailureOr<KernelStrategy> strategy =
        isVectorizable(op) ? matchNest(op, vectorWidth, reason)
                           : FailureOr<KernelStrategy>(failure());
    if (failed(strategy)) {
      op.emitRemark("kernel takes the scalar fallback: ") << reason;
      kernel.setDeclined(reason);
      ++numDeclined;
      return;
    }
    emitNest(kernel, *strategy);
    ++numVectorized;
  }
};
} // namespace
