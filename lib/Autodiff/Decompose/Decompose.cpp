// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that rewrites pdq operations to linalg on tensors.

#include "Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_DECOMPOSE
#include "pdq/Autodiff/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct Decompose : pdq::impl::DecomposeBase<Decompose> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateDecomposeQuantizerPatterns(patterns);
    populateDecomposeLossPatterns(patterns);
    populateDecomposeRandomPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
