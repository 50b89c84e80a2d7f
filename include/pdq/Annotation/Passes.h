// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_ANNOTATION_PASSES_H
#define PDQ_ANNOTATION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

/// Size of a reconstruction region.
enum class RegionGranularity { Block, Layer, Network };

/// What the first and the last layer keep in 8 bits.
enum class FirstLastPolicy { QDrop, BRECQ, None };

/// Which activations are quantized.
enum class QuantizerPlacement {
  /// What products read; in front of poolings.
  Paper,
  /// What integer hardware reads: the operands of sums of two activations as
  /// well, and what products read behind averages.
  Full
};

#define GEN_PASS_DECL
#include "pdq/Annotation/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Annotation/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_PASSES_H
