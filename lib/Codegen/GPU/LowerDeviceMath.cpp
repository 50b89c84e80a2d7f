// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that the hardware has: upstream's lowering to NVVM turns all of
// math into calls of NVIDIA's device library, which a user's machine may not
// have.

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_LOWERDEVICEMATH
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// An operation on floats -> the intrinsic of LLVM that is one instruction.
template <typename OpTy> struct LowerToIntrinsic : OpRewritePattern<OpTy> {
  LowerToIntrinsic(MLIRContext *context, StringRef intrinsic)
      : OpRewritePattern<OpTy>(context), intrinsic(intrinsic) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(
        op, op.getType(), rewriter.getStringAttr(intrinsic), op->getOperands());
    return success();
  }
  StringRef intrinsic;
};

struct LowerDeviceMath : pdq::impl::LowerDeviceMathBase<LowerDeviceMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    auto add = [&](auto op, StringRef intrinsic) {
      patterns.add<LowerToIntrinsic<decltype(op)>>(&getContext(), intrinsic);
    };
    add(math::AbsFOp(), "llvm.fabs");
    add(math::CeilOp(), "llvm.ceil");
    add(math::CopySignOp(), "llvm.copysign");
    add(math::FloorOp(), "llvm.floor");
    add(math::FmaOp(), "llvm.fma");
    add(math::RoundEvenOp(), "llvm.roundeven");
    add(math::SqrtOp(), "llvm.sqrt");
    add(math::TruncOp(), "llvm.trunc");
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
