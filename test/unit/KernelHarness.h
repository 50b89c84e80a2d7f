// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles single kernels and calls them on random buffers, for tests and
// benchmarks.

#ifndef PDQ_TEST_UNIT_KERNELHARNESS_H
#define PDQ_TEST_UNIT_KERNELHARNESS_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Runtime/CPU/KernelCompiler.h"
#include <cstring>
#include <random>

namespace pdqtest {

/// Memory of one argument between two guards.
struct GuardedBuffer {
  static constexpr size_t guard = 64;
  std::vector<char> bytes;
  char *data() { return bytes.data() + guard; }
};

/// Elements from the first to the last of a strided buffer.
inline int64_t getSpan(mlir::MemRefType type) {
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip(type.getShape(), strides))
    span += (size - 1) * stride;
  return span;
}

inline size_t getElementBytes(mlir::Type type) {
  return type.isIndex() ? 8 : (type.getIntOrFloatBitWidth() + 7) / 8;
}

/// Fills `buffer` with numbers of `type`: floats in [-1, 1), i32 in [0, 8), i64
/// and i8 anything small, i1 zero or one.
inline void fillRandom(GuardedBuffer &buffer, mlir::Type type, int64_t count,
                       std::mt19937 &random) {
  auto fill = [&](auto zero, auto next) {
    auto *values = reinterpret_cast<decltype(zero) *>(buffer.data());
    for (int64_t i = 0; i < count; ++i)
      values[i] = next();
  };
  auto real = [&] { return static_cast<int32_t>(random()) / 2147483648.0; };
  if (type.isF32())
    return fill(0.0f, real);
  if (type.isF64())
    return fill(0.0, real);
  if (type.isInteger(1))
    return fill(int8_t(0), [&] { return random() & 1; });
  if (type.isInteger(8))
    return fill(int8_t(0), [&] { return random() % 16; });
  if (type.isInteger(32))
    return fill(int32_t(0), [&] { return random() % 8; });
  fill(int64_t(0), [&] { return random() % 1000; });
}

/// A context that knows the dialects of kernels.
inline mlir::MLIRContext &getContext() {
  static mlir::MLIRContext *context = [] {
    mlir::DialectRegistry registry;
    mlir::pdq::Executor::getDependentDialects(registry);
    return new mlir::MLIRContext(registry);
  }();
  return *context;
}

/// A kernel with its buffers.
class Kernel {
public:
  /// The arguments, "%a: memref<4xf32>, %b: memref<4xf32>", and what happens in
  /// it.
  Kernel(const std::string &arguments, const std::string &body,
         const std::string &clauses = "") {
    std::string text = "plan.kernel @k(" + arguments + ") " + clauses + " {\n" +
                       body + "\nplan.return }";
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &getContext());
    if (!module)
      llvm::report_fatal_error(llvm::StringRef("wrong kernel: " + text));
  }

  bool compile(mlir::pdq::KernelCompiler &compiler) {
    auto function = *module->getOps<mlir::pdq::plan::KernelOp>().begin();
    auto code = compiler.compile({function});
    if (mlir::failed(code))
      return false;
    kernel = code->front();
    return true;
  }

  llvm::SmallVector<mlir::MemRefType> getTypes() {
    llvm::SmallVector<mlir::MemRefType> types;
    auto function = *module->getOps<mlir::pdq::plan::KernelOp>().begin();
    for (mlir::Type type : function.getArgumentTypes())
      if (auto buffer = mlir::dyn_cast<mlir::MemRefType>(type))
        types.push_back(buffer);
    return types;
  }

  /// Random buffers for all arguments.
  std::vector<GuardedBuffer> makeBuffers(unsigned seed) {
    std::mt19937 random(seed);
    std::vector<GuardedBuffer> buffers;
    for (mlir::MemRefType type : getTypes()) {
      GuardedBuffer buffer;
      size_t bytes = getSpan(type) * getElementBytes(type.getElementType());
      buffer.bytes.assign(bytes + 2 * GuardedBuffer::guard, 0x5a);
      fillRandom(buffer, type.getElementType(), getSpan(type), random);
      buffers.push_back(std::move(buffer));
    }
    return buffers;
  }

  /// Runs the whole range in `parts` pieces.
  void run(std::vector<GuardedBuffer> &buffers, int64_t parts = 1) {
    std::vector<void *> pointers;
    for (GuardedBuffer &buffer : buffers)
      pointers.push_back(buffer.data());
    for (int64_t part = 0; part < parts; ++part)
      kernel->entry(pointers.data(), part * kernel->range / parts,
                    (part + 1) * kernel->range / parts);
  }

  const mlir::pdq::CompiledKernel *kernel = nullptr;

private:
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace pdqtest

#endif // PDQ_TEST_UNIT_KERNELHARNESS_H
