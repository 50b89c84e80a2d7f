// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers in the host's memory, as arguments and results of programs.

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Runtime/Executor.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

namespace {

class HostMemoryTest : public testing::TestWithParam<Target> {
protected:
  void SetUp() override {
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
    setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
  }
  DialectRegistry registry;
  MLIRContext context;
};

TEST_P(HostMemoryTest, BuffersMoveAndSlicesAreCopied) {
  auto module = parseSourceString<ModuleOp>(R"mlir(
    func.func @f(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
      %e = tensor.empty() : tensor<4x6xf32>
      %y = linalg.map { math.absf } ins(%x : tensor<4x6xf32>) outs(%e : tensor<4x6xf32>)
      return %y : tensor<4x6xf32>
    })mlir",
                                            &context);
  ExecutorOptions options;
  options.target = GetParam();
  auto opened = Executor::create(&context, options);
  ASSERT_TRUE(bool(opened)) << llvm::toString(opened.takeError());
  std::unique_ptr<Executor> executor = std::move(*opened);
  auto executable = executor->compile(*module);
  ASSERT_TRUE(succeeded(executable));
  HostTensor samples({12, 6}, ElementType::F32);
  HostTensor expected({12, 6}, ElementType::F32);
  for (int i = 0; i < 72; ++i) {
    samples.values<float>()[i] = i % 3 ? -i : i;
    expected.values<float>()[i] = i;
  }
  BufferRef moved = executor->allocate({12, 6}, ElementType::F32);
  moved->write(samples);
  BufferRef result = executor->allocateOnHost({12, 6}, ElementType::F32);
  HostTensor zeros = result->read();
  for (float value : zeros.values<float>())
    EXPECT_EQ(0.0f, value);
  // A slice goes where its buffer goes, also into a call that was captured.
  BufferRef middle = moved->slice(4, 4), target = result->slice(4, 4);
  for (int call = 0; call < 3; ++call)
    (*executable)->call("f", {middle}, {target});
  std::optional<size_t> before = executor->getFreeBytes();
  EXPECT_EQ(GetParam() == Target::CUDA, before.has_value());
  moved->moveToHost();
  moved->moveToHost();
  if (before && StringRef(getenv("PDQ_CUDA_LIBRARY")) == PDQ_SIMULATED_GPU)
    EXPECT_EQ(*before + samples.getNumBytes(), *executor->getFreeBytes());
  EXPECT_EQ(
      0, memcmp(samples.data(), moved->read().data(), samples.getNumBytes()));
  for (int64_t first : {0, 8})
    (*executable)
        ->call("f", {moved->slice(first, 4)}, {result->slice(first, 4)});
  (*executable)->call("f", {middle}, {target});
  EXPECT_EQ(0, memcmp(expected.data(), result->read().data(),
                      expected.getNumBytes()));
}

INSTANTIATE_TEST_SUITE_P(Targets, HostMemoryTest,
                         testing::Values(Target::CPU, Target::CUDA));

} // namespace
