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

/// What `pdq-lower-quant` lowers products of quantized tensors to: what the
/// module says, or a `ProductArithmetic`.
enum class LoweredProducts { AsCalibrated, Float, Factored, Integer };

/// Which products that stay in floating point `pdq-lower-quant` remarks: all,
/// those whose operands are both quantized, or none.
enum class ProductRemarks { All, Quantized, None };

/// What integers are stored in: the bits of their quantized type, or at
/// least 8.
enum class IntegerStorage { Native, I8 };

/// The integers of an ONNX graph: the types of the quantized network, or i8
/// with the zero point 0.
enum class OnnxForm { QDQ, Int8 };

#define GEN_PASS_DECL
#include "pdq/Export/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "pdq/Export/Passes.h.inc"

} // namespace mlir::pdq

#endif // PDQ_EXPORT_PASSES_H
