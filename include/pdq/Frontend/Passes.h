// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_FRONTEND_PASSES_H
#define PDQ_FRONTEND_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

#define GEN_PASS_DECL
#include "pdq/Frontend/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Frontend/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_PASSES_H
