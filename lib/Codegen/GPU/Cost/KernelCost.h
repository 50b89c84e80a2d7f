// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a kernel has to move and to compute, from its linalg operations.

#ifndef PDQ_LIB_CODEGEN_GPU_COST_KERNELCOST_H
#define PDQ_LIB_CODEGEN_GPU_COST_KERNELCOST_H

#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// The cost of one launch. Every element that is touched counts once: what a
/// kernel reads again is taken for cached.
struct KernelCost {
  plan::Form form = plan::Form::Elementwise;
  bool usesTensorCores = false;
  int64_t bytesRead = 0, bytesWritten = 0;
  /// Floating point operations; a multiply-add is two.
  int64_t flops = 0;
  /// Where it is a contraction of two tensors: bytes of both and of the result.
  /// An operand of several contractions of one launch counts once.
  int64_t productBytes = 0;
};

/// The cost of a kernel as `-pdq-fuse-kernels` leaves it; fails, with an
/// error, where it holds no linalg operation.
FailureOr<KernelCost> computeCost(plan::KernelOp kernel);

/// Peak rates of a chip, dense: bytes and operations per second.
struct ChipRates {
  StringRef chip, product;
  double bytes, fp32, tf32, bf16;
};

/// The chips that are known.
ArrayRef<ChipRates> getChipRates();

/// Seconds that a kernel takes at least. `contractions` are the operations per
/// second of those on tensor cores.
double getRooflineSeconds(const KernelCost &cost, const ChipRates &rates,
                          double contractions);

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_GPU_COST_KERNELCOST_H
