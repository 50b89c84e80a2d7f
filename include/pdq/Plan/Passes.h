// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_PLAN_PASSES_H
#define PDQ_PLAN_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

/// What a sum over sliding windows becomes; `Contractions` leaves the others.
enum class GatherForm { Reductions, Contractions, Elementwise };

/// What a reduction of all elements to one number is split into.
enum class FullReductionSplit { Parts, Rows };

#define GEN_PASS_DECL
#include "pdq/Plan/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Plan/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_PLAN_PASSES_H
