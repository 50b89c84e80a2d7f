// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The target as an attribute of the module: passes that choose tiles read it
// there and cannot be given different ones.

#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SETTARGET
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct SetTarget : mlir::pdq::impl::SetTargetBase<SetTarget> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    precision = plan::symbolizeMath(math);
    if (!precision)
      return emitError(getOptionsLocation(context))
             << "option 'math' is '" << math
             << "', expected 'fp32', 'tf32' or 'bf16'";
    if (!plan::TargetAttr::isSupported(chip))
      return emitError(getOptionsLocation(context))
             << "option 'chip' is '" << chip
             << "', expected 'sm_80' or a later one";
    return success();
  }

  void runOnOperation() override {
    getOperation()->setAttr(
        plan::targetName,
        plan::TargetAttr::get(&getContext(), chip, *precision));
  }

private:
  std::optional<plan::Math> precision;
};
} // namespace
