// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels -> an image that a driver loads: PTX for a device, LLVM IR for the
// simulated one.

#ifndef PDQ_RUNTIME_CUDA_DEVICECODE_H
#define PDQ_RUNTIME_CUDA_DEVICECODE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <array>
#include <string>

namespace mlir::pdq {

/// What the loader takes.
enum class ImageForm { PTX, LLVMIR };

/// A chip as LLVM's NVPTX target names it, `sm_80`, and the PTX version that
/// knows it.
struct Chip {
  std::string name;
  std::string getFeatures() const;
};

/// How one kernel is launched.
struct KernelLaunch {
  std::string symbol;
  std::array<unsigned, 3> grid, block;
  /// Dynamic shared memory, in bytes.
  unsigned sharedBytes = 0;
  /// The form that the emitter took, see `-pdq-emit-gpu-kernels`.
  std::string form;
};

/// One image and its kernels, in the order they were given.
struct DeviceImage {
  std::string text;
  /// The text of PTX as machine code; empty where the driver compiles it.
  std::string object;
  SmallVector<KernelLaunch> kernels;
  /// Remarks of the emitters, such as on the slow fallback.
  SmallVector<std::string> remarks;
};

/// Compiles `kernels` (functions that `-pdq-outline-kernels` made), given as
/// text, in a context of its own. `math` is that of `-pdq-emit-gpu-kernels`.
/// Errors: the diagnostics, as one text.
llvm::Expected<DeviceImage> compileKernels(ArrayRef<std::string> kernels,
                                           const Chip &chip, ImageForm form,
                                           StringRef math = "fp32");

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CUDA_DEVICECODE_H
