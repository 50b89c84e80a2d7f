// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the named pipelines that lower functions on tensors.

#ifndef PDQ_LIB_PIPELINES_LOWERING_H
#define PDQ_LIB_PIPELINES_LOWERING_H

namespace mlir::pdq {

/// Registers `pdq-lower-to-cpu`, `pdq-lower-to-gpu-plan` and
/// `pdq-lower-to-gpu`.
void registerLoweringPipelines();

} // namespace mlir::pdq

#endif // PDQ_LIB_PIPELINES_LOWERING_H
