// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The upstream dialects that functions go through on their way to machine code.

#ifndef PDQ_RUNTIME_DIALECTS_H
#define PDQ_RUNTIME_DIALECTS_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::pdq {

/// Registers the dialects between functions on tensors and LLVM's dialect, with
/// the interfaces that bufferization, inlining and the conversions to LLVM ask
/// for.
void registerExecutorDialects(DialectRegistry &registry);

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_DIALECTS_H
