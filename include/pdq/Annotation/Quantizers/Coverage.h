// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which products of a network are quantized, and why others are not.

#ifndef PDQ_ANNOTATION_QUANTIZERS_COVERAGE_H
#define PDQ_ANNOTATION_QUANTIZERS_COVERAGE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

namespace mlir::pdq {

/// Why a product reads floating point.
enum class FloatReason {
  /// It does not.
  None,
  /// It reads the network's input, which is never quantized.
  NetworkInput,
  /// The user's regions leave it out.
  OutsideRegion,
  /// Its weight is computed from something that is no constant.
  NotConstant,
  /// What it reads is computed where no quantizer can stand.
  Unsupported
};

/// What one product reads.
struct ProductCoverage {
  /// The width of an operand, or why it has none.
  struct Operand {
    bool isWeight;
    /// 0 for floating point.
    unsigned bits = 0;
    FloatReason reason = FloatReason::None;
  };

  Operation *op;
  /// Name of its region; empty outside of regions.
  std::string region;
  /// In the order of the operation.
  SmallVector<Operand, 2> operands;

  /// Whether something is floating point and no policy says so.
  bool isUnexpected() const;
  /// "weight 4, input 8", with a reason instead of a width.
  std::string describe() const;
};

/// The coverage table of a network: the bits of each weight and input of its
/// contractions, or why there are none.
struct Coverage {
  /// All products of data, in the order of the network.
  SmallVector<ProductCoverage, 0> products;

  /// "21 of 21 weights and 20 of 21 inputs of products are quantized".
  std::string getSummary() const;
  /// A line a product: its region, its operation, what it reads.
  std::string getTable() const;
  /// An array with an object a product: "region", "operation", "location",
  /// "weight_bits" and "input_bits" (lists, 0: floating point), "reason".
  llvm::json::Array toJSON() const;
};

/// The coverage of an annotated module, whether calibrated or not; bodies are
/// those that are quantized.
Coverage computeCoverage(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_QUANTIZERS_COVERAGE_H
