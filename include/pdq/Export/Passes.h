// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated declarations of the passes of this stage, and their registration.

#ifndef PDQ_EXPORT_PASSES_H
#define PDQ_EXPORT_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "pdq/Support/Options/PassOptionText.h"

namespace mlir::pdq {

/// The two bodies of a `pdq.region`.
enum class RegionBody { Float, Quantized };

/// What products of quantized tensors are computed on (`products` of
/// `pdq-lower-quant`): dequantized numbers, q - z in f32, or integers.
enum class ProductArithmetic { Float, Factored, Integer };

/// What integers are stored in: the bits of their quantized type, or at
/// least 8.
enum class IntegerStorage { Native, I8 };

#define GEN_PASS_DECL
#include "pdq/Export/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Export/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_EXPORT_PASSES_H
