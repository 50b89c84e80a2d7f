// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that are right give the right numbers on the simulated device, in
// any order of their threads.

#include "SimulatedDevice.h"
#include "DeviceKernels.h"
#include <cmath>

using namespace pdqtest;

namespace {

std::vector<float> makeRamp(size_t count, float step) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = step * static_cast<float>(i);
  return values;
}

TEST_F(SimulatedDeviceTest, NamesItself) {
  char name[64];
  int major = 0;
  EXPECT_CUDA(PDQ_CUDA(cuDeviceGetName)(name, sizeof(name), 0));
  EXPECT_STREQ("pdq simulated device", name);
  EXPECT_CUDA(PDQ_CUDA(cuDeviceGetAttribute)(
      &major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
  EXPECT_EQ(9, major);
}

TEST_F(SimulatedDeviceTest, CopiesAndFills) {
  Buffer a = upload(makeRamp(10, 1)), b = allocate(40);
  EXPECT_CUDA(PDQ_CUDA(cuMemsetD8Async)(b.address, 0, 40, stream));
  EXPECT_CUDA(PDQ_CUDA(cuMemsetD32Async)(b.address, 0x40000000, 2, stream));
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuMemcpyDtoDAsync)(b.address + 20, a.address, 20, stream));
  EXPECT_EQ((std::vector<float>{2, 2, 0, 0, 0, 0, 1, 2, 3, 4}),
            download<float>(b));
}

TEST_F(SimulatedDeviceTest, FreshMemoryIsNotANumber) {
  for (float value : download<float>(allocate(64)))
    EXPECT_TRUE(std::isnan(value));
}

TEST_F(SimulatedDeviceTest, AddsVectors) {
  CUfunction add = load(makeAddKernel());
  Buffer a = upload(makeRamp(1000, 1)), b = upload(makeRamp(1000, 2));
  Buffer out = allocate(4000);
  EXPECT_CUDA(launch(add, 8, 128, 0, a, b, out, 1000));
  EXPECT_EQ(makeRamp(1000, 3), download<float>(out));
}

TEST_F(SimulatedDeviceTest, StridesOverTheGrid) {
  CUfunction stride = load(kStrideKernel);
  Buffer x = upload(makeRamp(1000, 1));
  EXPECT_CUDA(launch(stride, 1, 96, 0, x, 1000));
  EXPECT_EQ(makeRamp(1000, 2), download<float>(x));
}

TEST_F(SimulatedDeviceTest, ReducesInSharedMemory) {
  CUfunction reduce = load(makeReduceKernel());
  Buffer x = upload(makeRamp(512, 1)), out = allocate(8);
  EXPECT_CUDA(launch(reduce, 2, 256, 0, x, out));
  // 0 + ... + 255, and 256 * 256 more.
  EXPECT_EQ((std::vector<float>{32640, 98176}), download<float>(out));
}

TEST_F(SimulatedDeviceTest, UsesDynamicSharedMemory) {
  CUfunction reverse = load(makeReverseKernel());
  Buffer x = upload(makeRamp(64, 1));
  EXPECT_CUDA(launch(reverse, 1, 64, 256, x));
  std::vector<float> expected(64);
  for (int i = 0; i < 64; ++i)
    expected[i] = static_cast<float>(63 - i);
  EXPECT_EQ(expected, download<float>(x));
}

TEST_F(SimulatedDeviceTest, ShufflesAButterfly) {
  DeviceCode code("ptr %x");
  std::string px = code.address("ptr %x", code.getThread());
  std::string sum = code.load(px);
  for (int distance : {16, 8, 4, 2, 1}) {
    std::string other =
        code.define("call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float " +
                    sum + ", i32 " + std::to_string(distance) + ", i32 31)");
    sum = code.define("fadd float " + sum + ", " + other);
  }
  code.store(sum, px);
  Buffer x = upload(makeRamp(64, 1));
  EXPECT_CUDA(launch(load(code.str()), 1, 64, 0, x));
  std::vector<float> expected(64, 496); // 0 + ... + 31
  std::fill(expected.begin() + 32, expected.end(), 1520.0f);
  EXPECT_EQ(expected, download<float>(x));
}

TEST_F(SimulatedDeviceTest, VotesAndReducesInAWarp) {
  DeviceCode code("ptr %out");
  std::string thread = code.getThread();
  std::string isLow = code.isTrue("ult", thread, "5");
  std::string ballot = code.define(
      "call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 " + isLow + ")");
  std::string sum = code.define("call i32 @llvm.nvvm.redux.sync.add(i32 " +
                                thread + ", i32 -1)");
  std::string any = code.define(
      "call i1 @llvm.nvvm.barrier.cta.red.or.aligned.all(i32 0, i1 " + isLow +
      ")");
  std::string result = code.integer("mul", sum, "1000");
  result = code.integer("add", result, ballot);
  result =
      code.integer("add", result, code.define("zext i1 " + any + " to i32"));
  code.store(result, code.address("ptr %out", thread, "i32"), "i32");
  Buffer out = allocate(128);
  EXPECT_CUDA(launch(load(code.str()), 1, 32, 0, out));
  EXPECT_EQ(std::vector<int>(32, 496 * 1000 + 31 + 1), download<int>(out));
}

TEST_F(SimulatedDeviceTest, AddsAtomically) {
  DeviceCode code("ptr %sum, ptr %count");
  std::string slot = code.integer("urem", code.getThread(), "3");
  code.define("atomicrmw fadd " + code.address("ptr %sum", slot) +
              ", float 0.5 acq_rel");
  code.define("atomicrmw add ptr %count, i32 1 monotonic");
  Buffer sum = upload(std::vector<float>(3, 1)), count = upload<int>({0});
  EXPECT_CUDA(launch(load(code.str()), 4, 96, 0, sum, count));
  EXPECT_EQ(std::vector<float>(3, 65), download<float>(sum));
  EXPECT_EQ(std::vector<int>{384}, download<int>(count));
}

TEST_F(SimulatedDeviceTest, CallsMathFunctions) {
  DeviceCode code("ptr %x");
  std::string px = code.address("ptr %x", code.getThread());
  std::string value =
      code.define("call float @__nv_expf(float " + code.load(px) + ")");
  code.store(value, px);
  Buffer x = upload(makeRamp(32, 0.125f));
  EXPECT_CUDA(launch(load(code.str()), 1, 32, 0, x));
  std::vector<float> result = download<float>(x);
  for (int i = 0; i < 32; ++i)
    EXPECT_FLOAT_EQ(std::exp(0.125f * static_cast<float>(i)), result[i]);
}

TEST_F(SimulatedDeviceTest, CopiesThroughARing) {
  // Steps of 128 floats; the last copies half of each 16 bytes, the rest is 0.
  CUfunction ring = load(makeRingKernel({}));
  Buffer x = upload(makeRamp(512, 1)), out = allocate(512);
  EXPECT_CUDA(launch(ring, 1, 32, 0, x, out));
  std::vector<float> expected(128);
  for (int i = 0; i < 128; ++i) {
    int last = i % 4 < 2 ? i + 384 : 0;
    expected[i] = static_cast<float>(i + (i + 128) + (i + 256) + last);
  }
  EXPECT_EQ(expected, download<float>(out));
}

TEST_F(SimulatedDeviceTest, ReplaysAGraph) {
  CUfunction add = load(makeAddKernel());
  std::vector<float> ones(64, 1), result(64);
  Buffer x = allocate(256), one = allocate(256);
  EXPECT_CUDA(PDQ_CUDA(cuMemsetD32Async)(x.address, 0, 64, stream));
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuStreamBeginCapture)(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuMemcpyHtoDAsync)(one.address, ones.data(), 256, stream));
  EXPECT_CUDA(launch(add, 2, 32, 0, x, one, x, 64));
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuMemcpyDtoHAsync)(result.data(), x.address, 256, stream));
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  EXPECT_CUDA(PDQ_CUDA(cuStreamEndCapture)(stream, &graph));
  EXPECT_EQ(std::vector<float>(64, 0), result) << "capturing runs nothing";
  size_t numNodes = 0;
  EXPECT_CUDA(PDQ_CUDA(cuGraphGetNodes)(graph, nullptr, &numNodes));
  EXPECT_EQ(3u, numNodes);
  EXPECT_CUDA(PDQ_CUDA(cuGraphInstantiateWithFlags)(&exec, graph, 0));
  EXPECT_CUDA(PDQ_CUDA(cuGraphDestroy)(graph));
  for (int replay = 1; replay <= 3; ++replay) {
    EXPECT_CUDA(PDQ_CUDA(cuGraphLaunch)(exec, stream));
    EXPECT_EQ(std::vector<float>(64, static_cast<float>(replay)), result);
  }
  EXPECT_CUDA(PDQ_CUDA(cuGraphExecDestroy)(exec));
}

TEST_F(SimulatedDeviceTest, CountsBytesAndLaunches) {
  size_t used = 0, peak = 0, launches = 0;
  Buffer x = upload(makeRamp(100, 1)), y = allocate(600);
  EXPECT_CUDA(PDQ_CUDA_V2(cuMemFree)(y.address));
  EXPECT_CUDA(launch(load(kStrideKernel), 1, 32, 0, x, 100));
  EXPECT_CUDA(PDQ_CUDA(pdqSimGetStatistics)(&used, &peak, &launches));
  EXPECT_EQ(400u, used);
  EXPECT_EQ(1000u, peak);
  EXPECT_EQ(1u, launches);
}

TEST_F(SimulatedDeviceTest, MeasuresTime) {
  CUevent start = nullptr, end = nullptr;
  float milliseconds = -1;
  EXPECT_CUDA(PDQ_CUDA(cuEventCreate)(&start, 0));
  EXPECT_CUDA(PDQ_CUDA(cuEventCreate)(&end, 0));
  EXPECT_CUDA(PDQ_CUDA(cuEventRecord)(start, stream));
  Buffer x = upload(makeRamp(512, 1)), out = allocate(8);
  EXPECT_CUDA(launch(load(makeReduceKernel()), 2, 256, 0, x, out));
  EXPECT_CUDA(PDQ_CUDA(cuEventRecord)(end, stream));
  EXPECT_CUDA(PDQ_CUDA(cuEventSynchronize)(end));
  EXPECT_CUDA(PDQ_CUDA(cuEventElapsedTime)(&milliseconds, start, end));
  EXPECT_GT(milliseconds, 0);
}

TEST_F(SimulatedDeviceTest, RandomOrdersGiveTheSameResults) {
  CUfunction reduce = load(makeReduceKernel());
  CUfunction ring = load(makeRingKernel({}));
  Buffer x = upload(makeRamp(512, 0.37f)), sums = allocate(8),
         out = allocate(512);
  EXPECT_CUDA(launch(reduce, 2, 256, 0, x, sums));
  EXPECT_CUDA(launch(ring, 1, 32, 0, x, out));
  auto expectedSums = download<float>(sums), expectedOut = download<float>(out);
  for (const char *seed : {"1", "2", "3", "4", "5"}) {
    setenv("PDQ_SIM_SEED", seed, 1);
    EXPECT_CUDA(launch(reduce, 2, 256, 0, x, sums));
    EXPECT_CUDA(launch(ring, 1, 32, 0, x, out));
    EXPECT_EQ(expectedSums, download<float>(sums));
    EXPECT_EQ(expectedOut, download<float>(out));
  }
  unsetenv("PDQ_SIM_SEED");
}

} // namespace
