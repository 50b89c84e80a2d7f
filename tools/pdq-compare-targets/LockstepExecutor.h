// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An executor that is two: what a calibration runs on the CPU, the iterations
// also run on another device from the same state, and the results are compared.

#ifndef PDQ_TOOLS_COMPARETARGETS_LOCKSTEPEXECUTOR_H
#define PDQ_TOOLS_COMPARETARGETS_LOCKSTEPEXECUTOR_H

#include "pdq/Runtime/Executor.h"
#include <functional>
#include <map>

namespace mlir::pdq {

/// How far one iteration on the device is from the same one on the CPU.
struct Difference {
  /// Largest relative difference of the four losses.
  double loss = 0;
  /// Largest distance of the gradient of one parameter, or of all scales,
  /// relative to its length.
  double gradient = 0;

  double getLargest() const { return std::max(loss, gradient); }
};

/// The iterations of one region.
struct RegionComparison {
  /// The iteration with the smallest difference. A rounding or a clamp that
  /// falls on the other side of its border changes a gradient by a step, so
  /// that one mini-batch alone says little.
  Difference best{1e30, 1e30};
  int64_t numCompared = 0;
  /// Launches of an iteration on the device, by the form of their kernels.
  std::map<std::string, unsigned> forms;
  double compileSeconds = 0, seconds = 0;
};

/// Buffers and results are those of the CPU.
class LockstepExecutor : public Executor {
public:
  /// Iterations of a region are compared until the difference is at most
  /// `tolerance`. `finish` is called for each region.
  using FinishFn = std::function<void(const RegionComparison &)>;
  LockstepExecutor(std::unique_ptr<Executor> cpu,
                   std::unique_ptr<Executor> device, double tolerance,
                   FinishFn finish)
      : cpu(std::move(cpu)), device(std::move(device)), tolerance(tolerance),
        finish(std::move(finish)) {}

  FailureOr<std::unique_ptr<Executable>> compile(ModuleOp module) override;
  BufferRef allocate(llvm::ArrayRef<int64_t> shape, ElementType type) override {
    return cpu->allocate(shape, type);
  }
  std::string describe() const override {
    return cpu->describe() + " and " + device->describe();
  }

private:
  std::unique_ptr<Executor> cpu, device;
  double tolerance;
  FinishFn finish;
};

} // namespace mlir::pdq

#endif // PDQ_TOOLS_COMPARETARGETS_LOCKSTEPEXECUTOR_H
