// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a test needs to run kernels on the simulated device: the driver library
// opened as any other program would, memory, kernels and launches.

#ifndef PDQ_TEST_UNIT_SIMULATEDDEVICE_H
#define PDQ_TEST_UNIT_SIMULATEDDEVICE_H

#include "../../tools/pdq-simulated-gpu/CudaDriver.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace pdqtest {

/// An entry point of the library; `cuda(cuMemAlloc)` for one whose symbol has
/// a version is `cudaAs(cuMemAlloc, "cuMemAlloc_v2")`.
inline void *findSymbol(const char *name) {
  static void *library = dlopen(PDQ_SIMULATED_GPU, RTLD_NOW | RTLD_LOCAL);
  return library ? dlsym(library, name) : nullptr;
}
#define PDQ_CUDA_AS(function, symbol)                                          \
  (reinterpret_cast<decltype(&function)>(pdqtest::findSymbol(symbol)))
#define PDQ_CUDA(function) PDQ_CUDA_AS(function, #function)
#define PDQ_CUDA_V2(function) PDQ_CUDA_AS(function, #function "_v2")

#define EXPECT_CUDA(call) EXPECT_EQ(CUDA_SUCCESS, call) << lastMessage()

inline std::string lastMessage() { return PDQ_CUDA(pdqSimLastMessage)(); }

/// Code and message of a call that should fail.
#define EXPECT_CUDA_ERROR(code, text, call)                                    \
  do {                                                                         \
    EXPECT_EQ(code, call);                                                     \
    EXPECT_NE(std::string::npos, lastMessage().find(text)) << lastMessage();   \
  } while (0)

/// Device bytes that are not freed: the context is reset after each test.
struct Buffer {
  CUdeviceptr address = 0;
  size_t bytes = 0;
};

class SimulatedDeviceTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_NE(nullptr, findSymbol("cuInit")) << dlerror();
    ASSERT_EQ(CUDA_SUCCESS, PDQ_CUDA(cuInit)(0)) << lastMessage();
    ASSERT_EQ(CUDA_SUCCESS, PDQ_CUDA(cuDevicePrimaryCtxRetain)(&context, 0));
    ASSERT_EQ(CUDA_SUCCESS, PDQ_CUDA(cuCtxSetCurrent)(context));
    ASSERT_EQ(CUDA_SUCCESS, PDQ_CUDA(cuStreamCreate)(&stream, 1));
  }
  void TearDown() override {
    EXPECT_CUDA(PDQ_CUDA_V2(cuDevicePrimaryCtxRelease)(0));
  }

  /// The kernel of this name; `text` is put behind the module's target.
  CUfunction load(const std::string &text, const char *name = "k") {
    std::string image = "target triple = \"nvptx64-nvidia-cuda\"\n" + text;
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    EXPECT_CUDA(PDQ_CUDA(cuModuleLoadDataEx)(&module, image.c_str(), 0, nullptr,
                                             nullptr));
    if (module)
      EXPECT_CUDA(PDQ_CUDA(cuModuleGetFunction)(&function, module, name));
    return function;
  }

  Buffer allocate(size_t bytes) {
    Buffer buffer;
    buffer.bytes = bytes;
    EXPECT_CUDA(PDQ_CUDA_V2(cuMemAlloc)(&buffer.address, bytes));
    return buffer;
  }
  template <typename T> Buffer upload(const std::vector<T> &values) {
    Buffer buffer = allocate(values.size() * sizeof(T));
    EXPECT_CUDA(PDQ_CUDA_V2(cuMemcpyHtoDAsync)(buffer.address, values.data(),
                                               buffer.bytes, stream));
    return buffer;
  }
  template <typename T> std::vector<T> download(const Buffer &buffer) {
    std::vector<T> values(buffer.bytes / sizeof(T));
    EXPECT_CUDA(PDQ_CUDA_V2(cuMemcpyDtoHAsync)(values.data(), buffer.address,
                                               buffer.bytes, stream));
    EXPECT_CUDA(PDQ_CUDA(cuStreamSynchronize)(stream));
    return values;
  }

  /// Launches one-dimensional blocks; arguments are buffers or integers.
  template <typename... Args>
  CUresult launch(CUfunction function, unsigned grid, unsigned block,
                  unsigned shared, const Args &...args) {
    uint64_t values[] = {toArgument(args)...};
    void *parameters[sizeof...(Args)];
    for (size_t i = 0; i < sizeof...(Args); ++i)
      parameters[i] = &values[i];
    return PDQ_CUDA(cuLaunchKernel)(function, grid, 1, 1, block, 1, 1, shared,
                                    stream, parameters, nullptr);
  }
  static uint64_t toArgument(const Buffer &buffer) { return buffer.address; }
  static uint64_t toArgument(uint64_t value) { return value; }

  CUcontext context = nullptr;
  CUstream stream = nullptr;
};

} // namespace pdqtest

#endif // PDQ_TEST_UNIT_SIMULATEDDEVICE_H
