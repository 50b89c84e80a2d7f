// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the step program twice and compares what it stores in place.

#include "LockstepExecutor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/Plan/IR/Plan.h"
#include <chrono>
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Decay of Adam's first moment, which makes gradients of moments.
static constexpr double decay = 0.9;

static double getSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

namespace {
/// The programs of a region on the CPU, its iterations on both.
class LockstepExecutable : public Executable {
public:
  using FinishFn = LockstepExecutor::FinishFn;
  LockstepExecutable(std::unique_ptr<Executable> cpu,
                     std::unique_ptr<Executable> other, Executor &device,
                     SmallVector<unsigned> stored, double tolerance,
                     FinishFn finish, RegionComparison comparison)
      : cpu(std::move(cpu)), other(std::move(other)), device(device),
        stored(std::move(stored)), tolerance(tolerance),
        finish(std::move(finish)), comparison(comparison) {}
  ~LockstepExecutable() override { finish(comparison); }

  void call(StringRef name, ArrayRef<BufferRef> arguments,
            ArrayRef<BufferRef> results) override;
  size_t getArenaBytes(StringRef name) const override {
    return cpu->getArenaBytes(name);
  }
  SmallVector<StringRef> getKernelForms(StringRef name) const override {
    return other->getKernelForms(name);
  }

private:
  Difference compare(ArrayRef<HostTensor> before, ArrayRef<BufferRef> expected,
                     ArrayRef<BufferRef> found);
  double compareLosses(int64_t step, const HostTensor &expected,
                       const HostTensor &found);

  std::unique_ptr<Executable> cpu, other;
  Executor &device;
  /// Arguments of the step program that it overwrites: the counter, two decay
  /// powers, each parameter with its two moments, the losses.
  SmallVector<unsigned> stored;
  double tolerance;
  FinishFn finish;
  RegionComparison comparison;
};
} // namespace

namespace {
/// Distance of two gradients, and length of the expected one; squared.
struct GradientDistance {
  double distance = 0, length = 0;
  void add(const HostTensor &before, const HostTensor &expected,
           const HostTensor &found);
  double get() const {
    return distance == 0 ? 0 : std::sqrt(distance / length);
  }
};
} // namespace

/// Adds a gradient, from the first moment before and after.
void GradientDistance::add(const HostTensor &before, const HostTensor &expected,
                           const HostTensor &found) {
  for (auto [old, cpuValue, value] :
       llvm::zip_equal(before.values<float>(), expected.values<float>(),
                       found.values<float>())) {
    distance += std::pow(double(value) - cpuValue, 2);
    length += std::pow(cpuValue - decay * old, 2);
  }
}

double LockstepExecutable::compareLosses(int64_t step,
                                         const HostTensor &expected,
                                         const HostTensor &found) {
  constexpr double smallPart = 1e-2;
  double largest = 0;
  int64_t width = expected.getShape()[1];
  double total =
      expected.values<float>()[step % expected.getShape()[0] * width];
  for (int64_t i = 0; i < width; ++i) {
    int64_t place = step % expected.getShape()[0] * width + i;
    double loss = expected.values<float>()[place];
    double difference = std::fabs(found.values<float>()[place] - loss);
    // A part that nearly vanishes is the difference of equal numbers.
    double scale = std::max(std::fabs(loss), smallPart * std::fabs(total));
    if (difference != 0)
      largest = std::max(largest, difference / scale);
  }
  return largest;
}

Difference LockstepExecutable::compare(ArrayRef<HostTensor> before,
                                       ArrayRef<BufferRef> expected,
                                       ArrayRef<BufferRef> found) {
  Difference difference;
  int64_t step = before[stored[0]].values<int64_t>()[0];
  difference.loss = compareLosses(step, expected[stored.back()]->read(),
                                  found[stored.back()]->read());
  // Scales are one vector: a single sum may cancel to almost nothing.
  GradientDistance scales;
  // The first moment stands behind its parameter.
  for (size_t i = 4; i + 1 < stored.size(); i += 3) {
    unsigned place = stored[i];
    bool isScale = before[place].getShape().empty();
    GradientDistance own;
    (isScale ? scales : own)
        .add(before[place], expected[place]->read(), found[place]->read());
    difference.gradient = std::max(difference.gradient, own.get());
  }
  difference.gradient = std::max(difference.gradient, scales.get());
  return difference;
}

void LockstepExecutable::call(StringRef name, ArrayRef<BufferRef> arguments,
                              ArrayRef<BufferRef> results) {
  if (name != program::step || comparison.best.getLargest() <= tolerance)
    return cpu->call(name, arguments, results);
  SmallVector<HostTensor> before;
  SmallVector<BufferRef> copies;
  for (const BufferRef &argument : arguments) {
    before.push_back(argument->read());
    copies.push_back(
        device.allocate(argument->getShape(), argument->getElementType()));
    copies.back()->write(before.back());
  }
  cpu->call(name, arguments, results);
  double start = getSeconds();
  other->call(name, copies, {});
  (void)copies[stored[0]]->read();
  comparison.seconds = getSeconds() - start;
  Difference difference = compare(before, arguments, copies);
  ++comparison.numCompared;
  if (difference.getLargest() < comparison.best.getLargest())
    comparison.best = difference;
}

/// The step program alone.
static OwningOpRef<ModuleOp> extractStep(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  for (auto function : llvm::make_early_inc_range(copy->getOps<func::FuncOp>()))
    if (function.isPublic() && function.getName() != program::step)
      function.erase();
  return copy;
}

FailureOr<std::unique_ptr<Executable>>
LockstepExecutor::compile(ModuleOp module) {
  FailureOr<std::unique_ptr<Executable>> onCPU = cpu->compile(module);
  auto step = module.lookupSymbol<func::FuncOp>(program::step);
  if (failed(onCPU) || !step)
    return onCPU;
  SmallVector<unsigned> stored;
  for (unsigned i = 0, e = step.getNumResults(); i < e; ++i)
    if (auto place =
            step.getResultAttrOfType<IntegerAttr>(i, plan::inPlaceName))
      stored.push_back(place.getInt());
  llvm::sort(stored);

  RegionComparison comparison;
  double start = getSeconds();
  FailureOr<std::unique_ptr<Executable>> onDevice =
      device->compile(*extractStep(module));
  if (failed(onDevice))
    return failure();
  comparison.compileSeconds = getSeconds() - start;
  for (StringRef form : (*onDevice)->getKernelForms(program::step))
    ++comparison.forms[form.str()];
  return std::unique_ptr<Executable>(std::make_unique<LockstepExecutable>(
      std::move(*onCPU), std::move(*onDevice), *device, std::move(stored),
      tolerance, finish, comparison));
}
