// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_CODEGEN_PASSES_H
#define PDQ_CODEGEN_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

#define GEN_PASS_DECL
#include "pdq/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Codegen/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_PASSES_H
