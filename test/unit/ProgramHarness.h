// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs functions that hold pdq operations, on the CPU or the simulated device.

#ifndef PDQ_TEST_UNIT_PROGRAMHARNESS_H
#define PDQ_TEST_UNIT_PROGRAMHARNESS_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Pipelines.h"
#include "pdq/Runtime/Executor.h"
#include "gtest/gtest.h"
#include <numeric>

namespace mlir::pdq {

/// A tensor of given elements; without elements of `shape` [] it is a scalar.
template <typename T>
HostTensor makeTensor(ArrayRef<int64_t> shape, ElementType type,
                      ArrayRef<T> elements) {
  HostTensor tensor(shape, type);
  EXPECT_EQ(tensor.values<T>().size(), elements.size());
  llvm::copy(elements, tensor.values<T>().begin());
  return tensor;
}
inline HostTensor makeFloats(ArrayRef<int64_t> shape,
                             ArrayRef<float> elements) {
  return makeTensor<float>(shape, ElementType::F32, elements);
}

/// Tests whose parameter is the target, "cpu" or "cuda".
class ProgramTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    registerAllDialects(registry);
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
    setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
    ExecutorOptions options;
    options.threads = 1;
    options.target =
        StringRef(GetParam()) == "cuda" ? Target::CUDA : Target::CPU;
    executor = llvm::cantFail(Executor::create(&context, options));
  }

  BufferRef upload(const HostTensor &tensor) {
    BufferRef buffer =
        executor->allocate(tensor.getShape(), tensor.getElementType());
    buffer->write(tensor);
    return buffer;
  }

  /// Lowers and compiles a module of programs.
  std::unique_ptr<Executable> compile(ModuleOp module) {
    EXPECT_TRUE(succeeded(lowerPrograms(module)));
    auto executable = executor->compile(module);
    EXPECT_TRUE(succeeded(executable));
    return succeeded(executable) ? std::move(*executable) : nullptr;
  }

  /// Calls @f of `source`, whose result has this shape and type.
  HostTensor run(StringRef source, ArrayRef<HostTensor> arguments,
                 ArrayRef<int64_t> shape, ElementType type) {
    auto module = parseSourceString<ModuleOp>(source, &context);
    EXPECT_TRUE(module);
    std::unique_ptr<Executable> executable = compile(*module);
    SmallVector<BufferRef> inputs;
    for (const HostTensor &argument : arguments)
      inputs.push_back(upload(argument));
    BufferRef result = executor->allocate(shape, type);
    executable->call("f", inputs, {result});
    return result->read();
  }

  DialectRegistry registry;
  MLIRContext context;
  std::unique_ptr<Executor> executor;
};

} // namespace mlir::pdq

#endif // PDQ_TEST_UNIT_PROGRAMHARNESS_H
