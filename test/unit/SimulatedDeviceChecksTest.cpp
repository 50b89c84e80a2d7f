// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that device code or its caller can do wrong is answered with the
// code of the real driver and a message that says where, and the process goes
// on.

#include "DeviceKernels.h"
#include "SimulatedDevice.h"

using namespace pdqtest;

namespace {

class SimulatedDeviceChecksTest : public SimulatedDeviceTest {
protected:
  /// All bytes 0.
  Buffer zeros(size_t count) { return upload(std::vector<float>(count)); }

  CUresult launchShape(CUfunction function, std::vector<unsigned> grid,
                       std::vector<unsigned> block, const Buffer &x) {
    uint64_t value = x.address;
    void *parameters[] = {&value};
    return PDQ_CUDA(cuLaunchKernel)(function, grid[0], grid[1], grid[2],
                                    block[0], block[1], block[2], 0, stream,
                                    parameters, nullptr);
  }
};

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

TEST_F(SimulatedDeviceChecksTest, OneElementTooMany) {
  CUfunction add = load(makeAddKernel());
  Buffer a = zeros(1000), b = zeros(1000), out = zeros(1000);
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "cuLaunchKernel: kernel 'k', block (7, 0, 0) thread (104, "
                    "0, 0): load of 4 bytes outside of every allocation: 0 "
                    "bytes past the end of the allocation of 4000 bytes",
                    launch(add, 8, 128, 0, a, b, out, 1001));
  EXPECT_NE(std::string::npos, lastMessage().find("argument 0 + 4000 bytes"));
  // Every later call has the same answer, until the context is reset.
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "cuStreamSynchronize: kernel",
                    PDQ_CUDA(cuStreamSynchronize)(stream));
  EXPECT_CUDA(PDQ_CUDA_V2(cuDevicePrimaryCtxReset)(0));
  EXPECT_CUDA(PDQ_CUDA(cuStreamCreate)(&stream, 1));
  a = zeros(1000), b = zeros(1000), out = zeros(1000);
  EXPECT_CUDA(launch(load(makeAddKernel()), 8, 128, 0, a, b, out, 1000));
}

TEST_F(SimulatedDeviceChecksTest, ElementBeforeTheBegin) {
  DeviceCode code("ptr %x");
  code.store("1.0", code.address("ptr %x", "-1"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "store of 4 bytes outside of every allocation: 4 bytes "
                    "before the begin of the allocation of 16 bytes",
                    launch(load(code.str()), 1, 1, 0, zeros(4)));
}

TEST_F(SimulatedDeviceChecksTest, PastASharedVariable) {
  DeviceCode code("ptr %x");
  code.declare("@s = internal addrspace(3) global [32 x float] undef");
  std::string thread = code.getThread();
  std::string next =
      code.address("ptr addrspace(3) @s", code.integer("add", thread, "1"));
  code.store("1.0", next);
  code.barrier();
  code.store(code.load(next), code.address("ptr %x", thread));
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "thread (31, 0, 0): store of 4 bytes outside of every "
                    "allocation: byte 128 of shared 's' of 128 bytes",
                    launch(load(code.str()), 1, 32, 0, zeros(32)));
}

TEST_F(SimulatedDeviceChecksTest, PastDynamicSharedMemory) {
  CUfunction reverse = load(makeReverseKernel());
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "byte 252 of the 252 bytes of dynamic shared memory",
                    launch(reverse, 1, 64, 252, zeros(64)));
}

TEST_F(SimulatedDeviceChecksTest, MaskedAccessPastTheEnd) {
  // Four lanes of a vector, of which the mask drops those from %n on.
  DeviceCode code("ptr %x, i32 %n");
  code.declare("declare void @llvm.masked.store.v4f32.p0(<4 x float>, ptr, i32 "
               "immarg, <4 x i1>)");
  std::string limit =
      code.define("insertelement <4 x i32> poison, i32 %n, i32 0");
  limit = code.define("shufflevector <4 x i32> " + limit +
                      ", <4 x i32> poison, <4 x i32> zeroinitializer");
  std::string mask =
      code.define("icmp ult <4 x i32> <i32 0, i32 1, i32 2, i32 3>, " + limit);
  code.add("call void @llvm.masked.store.v4f32.p0(<4 x float> <float 1.0, "
           "float 2.0, float 3.0, float 4.0>, ptr %x, i32 4, <4 x i1> " +
           mask + ")");
  CUfunction function = load(code.str());
  Buffer x = zeros(3);
  EXPECT_CUDA(launch(function, 1, 1, 0, x, 3));
  EXPECT_EQ((std::vector<float>{1, 2, 3}), download<float>(x));
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "0 bytes past the end of the allocation of 12 bytes",
                    launch(function, 1, 1, 0, x, 4));
}

TEST_F(SimulatedDeviceChecksTest, UseAfterFree) {
  DeviceCode code("ptr %x, i64 %address");
  std::string freed = code.define("inttoptr i64 %address to ptr");
  code.store(code.load("ptr " + freed), "ptr %x");
  CUfunction function = load(code.str());
  Buffer x = zeros(4), y = zeros(4);
  EXPECT_CUDA(launch(function, 1, 1, 0, x, y));
  EXPECT_CUDA(PDQ_CUDA_V2(cuMemFree)(y.address));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE, "was freed before",
                    PDQ_CUDA_V2(cuMemFree)(y.address));
  EXPECT_CUDA_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS,
                    "byte 0 of the freed allocation of 16 bytes",
                    launch(function, 1, 1, 0, x, y));
}

TEST_F(SimulatedDeviceChecksTest, GraphWithFreedMemory) {
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  Buffer x = zeros(4);
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuStreamBeginCapture)(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CUDA(launch(load(kStrideKernel), 1, 4, 0, x, 4));
  EXPECT_CUDA(PDQ_CUDA(cuStreamEndCapture)(stream, &graph));
  EXPECT_CUDA(PDQ_CUDA(cuGraphInstantiateWithFlags)(&exec, graph, 0));
  EXPECT_CUDA(PDQ_CUDA(cuGraphLaunch)(exec, stream));
  EXPECT_CUDA(PDQ_CUDA_V2(cuMemFree)(x.address));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "node 0 of the graph: kernel 'k': argument 0 is not device "
                    "memory",
                    PDQ_CUDA(cuGraphLaunch)(exec, stream));
}

TEST_F(SimulatedDeviceChecksTest, MisalignedVector) {
  DeviceCode code("ptr %x");
  std::string vector = code.load(code.address("ptr %x", "1"), "<4 x float>");
  code.store(vector, "ptr %x", "<4 x float>");
  EXPECT_CUDA_ERROR(CUDA_ERROR_MISALIGNED_ADDRESS,
                    "load of 16 bytes at an address that is not a multiple of "
                    "16: byte 4 of the allocation",
                    launch(load(code.str()), 1, 1, 0, zeros(64)));
}

TEST_F(SimulatedDeviceChecksTest, MisalignedCopy) {
  RingOptions options;
  options.sourceOffset = 4;
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_MISALIGNED_ADDRESS,
      "the source of cp.async is not a multiple of 16: byte 4",
      launch(load(makeRingKernel(options)), 1, 32, 0, zeros(513), zeros(128)));
}

TEST_F(SimulatedDeviceChecksTest, HostReadsDeviceMemory) {
  Buffer x = zeros(4);
  EXPECT_EXIT(exit(*reinterpret_cast<volatile int *>(x.address)),
              testing::KilledBySignal(SIGSEGV), "");
}

TEST_F(SimulatedDeviceChecksTest, CopiesOutsideOfAllocations) {
  Buffer x = zeros(4);
  std::vector<float> host(8);
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_INVALID_VALUE,
      "the destination has 32 bytes, but only 16 are left",
      PDQ_CUDA_V2(cuMemcpyHtoDAsync)(x.address, host.data(), 32, stream));
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_INVALID_VALUE, "the source should be host memory",
      PDQ_CUDA_V2(cuMemcpyHtoDAsync)(
          x.address, reinterpret_cast<void *>(x.address), 4, stream));
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

TEST_F(SimulatedDeviceChecksTest, MissingBarrier) {
  // After the last step only the thread that wrote the sum reads it.
  for (int step = 0; step < 8; ++step)
    for (const char *seed : {"0", "1"}) {
      setenv("PDQ_SIM_SEED", seed, 1);
      EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED,
                        "data race in shared memory: this ",
                        launch(load(makeReduceKernel(step)), 1, 256, 0,
                               zeros(256), zeros(1)));
      EXPECT_NE(std::string::npos,
                lastMessage().find("of shared 's' of 1024 bytes"))
          << lastMessage();
      EXPECT_CUDA(PDQ_CUDA_V2(cuDevicePrimaryCtxReset)(0));
      EXPECT_CUDA(PDQ_CUDA(cuStreamCreate)(&stream, 1));
    }
  unsetenv("PDQ_SIM_SEED");
}

TEST_F(SimulatedDeviceChecksTest, BlocksWriteOneElement) {
  DeviceCode code("ptr %x");
  code.beginIf(code.isTrue("eq", code.getThread(), "3"));
  code.store("1.0", code.address("ptr %x", "2"));
  code.endIf();
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED,
                    "block (1, 0, 0) thread (3, 0, 0): data race in global "
                    "memory: this store and an earlier store by block (0, 0, "
                    "0) thread (3, 0, 0), blocks of one launch are not "
                    "ordered: byte 8 of the allocation of 16 bytes",
                    launch(load(code.str()), 2, 4, 0, zeros(4)));
}

TEST_F(SimulatedDeviceChecksTest, BlockReadsWhatAnotherWrites) {
  DeviceCode code("ptr %x");
  std::string block = code.getBlock();
  std::string other = code.integer("xor", block, "1");
  std::string value = code.load(code.address("ptr %x", other));
  code.store(value, code.address("ptr %x", block));
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "data race in global memory",
                    launch(load(code.str()), 2, 1, 0, zeros(4)));
}

TEST_F(SimulatedDeviceChecksTest, AtomicAndPlainWrite) {
  DeviceCode code("ptr %x");
  code.define("atomicrmw add ptr %x, i32 1 monotonic");
  code.beginIf(code.isTrue("eq", code.getThread(), "5"));
  code.store("0", "ptr %x", "i32");
  code.endIf();
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "data race in global memory",
                    launch(load(code.str()), 1, 8, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, NeighborsInAWordAreNoRace) {
  DeviceCode code("ptr %x");
  std::string px = code.address("ptr %x", code.getThread(), "i8");
  std::string value = code.load(px, "i8");
  code.store(code.define("add i8 " + value + ", 7"), px, "i8");
  Buffer x = zeros(8);
  EXPECT_CUDA(launch(load(code.str()), 1, 32, 0, x));
  EXPECT_EQ(std::vector<char>(32, 7), download<char>(x));
}

TEST_F(SimulatedDeviceChecksTest, LaunchesAreOrdered) {
  CUfunction stride = load(kStrideKernel);
  Buffer x = zeros(64);
  EXPECT_CUDA(launch(stride, 1, 32, 0, x, 64));
  EXPECT_CUDA(launch(stride, 1, 16, 0, x, 64));
}

TEST_F(SimulatedDeviceChecksTest, WarpBarrierOrdersAWarp) {
  DeviceCode code("ptr %x");
  std::string thread = code.getThread();
  std::string px = code.address("ptr %x", thread);
  std::string other = code.address("ptr %x", code.integer("xor", thread, "1"));
  code.store("1.0", px);
  code.add("call void @llvm.nvvm.bar.warp.sync(i32 -1)");
  std::string value = code.load(other);
  code.add("call void @llvm.nvvm.bar.warp.sync(i32 -1)");
  code.store(value, px);
  EXPECT_CUDA(launch(load(code.str()), 1, 64, 0, zeros(64)));
}

TEST_F(SimulatedDeviceChecksTest, WarpBarrierDoesNotOrderWarps) {
  DeviceCode code("ptr %x");
  std::string thread = code.getThread();
  code.store("1.0", code.address("ptr %x", thread));
  code.add("call void @llvm.nvvm.bar.warp.sync(i32 -1)");
  std::string other = code.integer("xor", thread, "32");
  code.store(code.load(code.address("ptr %x", other)), "ptr %x");
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "data race in global memory",
                    launch(load(code.str()), 1, 64, 0, zeros(64)));
}

TEST_F(SimulatedDeviceChecksTest, LanesStoreOneValue) {
  // The value is that of lane 0 in all lanes, and nobody reads the old one
  // after the exchange.
  DeviceCode code("ptr %x");
  std::string value = code.load(code.address("ptr %x", code.getThread()));
  value =
      code.define("call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float " +
                  value + ", i32 0, i32 31)");
  code.store("2.0", "ptr %x");
  CUfunction same = load(code.str());
  EXPECT_CUDA(launch(same, 1, 32, 0, zeros(32)));
  // Another warp may still read.
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "data race in global memory",
                    launch(same, 1, 64, 0, zeros(64)));
}

TEST_F(SimulatedDeviceChecksTest, LanesStoreSeveralValues) {
  DeviceCode code("ptr %x");
  code.store(code.getThread(), "ptr %x", "i32");
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "this store and an earlier store",
                    launch(load(code.str()), 1, 32, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, StoreBesideALoad) {
  // As LanesStoreOneValue, but nothing says that the load came first.
  DeviceCode code("ptr %x");
  std::string thread = code.getThread();
  std::string value = code.load("ptr %x");
  code.store(value, code.address("ptr %x", code.integer("add", thread, "1")));
  code.store("2.0", "ptr %x");
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "data race in global memory",
                    launch(load(code.str()), 1, 32, 0, zeros(33)));
}

TEST_F(SimulatedDeviceChecksTest, CopyIsReadBeforeItLands) {
  RingOptions options;
  options.pending = 2;
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED,
      "load of shared memory that a cp.async of block (0, 0, 0) thread (0, 0, "
      "0) is still writing (no wait for it yet): byte 0 of shared 'ring'",
      launch(load(makeRingKernel(options)), 1, 32, 0, zeros(512), zeros(128)));
}

TEST_F(SimulatedDeviceChecksTest, StageIsFilledWhileItIsRead) {
  RingOptions options;
  options.hasBarrier = false;
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED,
      "thread (0, 0, 0): load of shared memory that a cp.async of block (0, 0, "
      "0) thread (31, 0, 0) is still writing",
      launch(load(makeRingKernel(options)), 1, 32, 0, zeros(512), zeros(128)));
}

TEST_F(SimulatedDeviceChecksTest, DivergentBarrier) {
  DeviceCode code("ptr %x");
  code.beginIf(code.isTrue("ult", code.getThread(), "16"));
  code.barrier();
  code.endIf();
  for (const char *seed : {"0", "1"}) {
    setenv("PDQ_SIM_SEED", seed, 1);
    EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_FAILED, "divergent barrier: the thread",
                      launch(load(code.str()), 1, 64, 0, zeros(1)));
    EXPECT_CUDA(PDQ_CUDA_V2(cuDevicePrimaryCtxReset)(0));
    EXPECT_CUDA(PDQ_CUDA(cuStreamCreate)(&stream, 1));
  }
  unsetenv("PDQ_SIM_SEED");
}

TEST_F(SimulatedDeviceChecksTest, Deadlock) {
  DeviceCode code("ptr %x");
  std::string id = code.integer("udiv", code.getThread(), "32");
  code.add("call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 " + id +
           ", i32 64)");
  EXPECT_CUDA_ERROR(CUDA_ERROR_LAUNCH_TIMEOUT,
                    "kernel 'k', block (0, 0, 0): deadlock: 64 threads wait at "
                    "a barrier, 0 at an operation of their warp, 0 have exited",
                    launch(load(code.str()), 1, 64, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, WarpsMayExitBesideABarrierOfOthers) {
  DeviceCode code("ptr %x");
  code.beginIf(code.isTrue("ult", code.getThread(), "64"));
  code.add(
      "call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 1, i32 64)");
  code.endIf();
  EXPECT_CUDA(launch(load(code.str()), 1, 96, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, DivergentWarp) {
  DeviceCode code("ptr %x");
  code.beginIf(code.isTrue("ult", code.getThread(), "16"));
  code.add("call void @llvm.nvvm.bar.warp.sync(i32 -1)");
  code.endIf();
  CUresult result = launch(load(code.str()), 1, 32, 0, zeros(1));
  EXPECT_TRUE(result == CUDA_ERROR_LAUNCH_TIMEOUT ||
              result == CUDA_ERROR_LAUNCH_FAILED);
  EXPECT_NE(std::string::npos, lastMessage().find("llvm.nvvm.bar.warp.sync"))
      << lastMessage();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

TEST_F(SimulatedDeviceChecksTest, ArgumentIsNoDeviceMemory) {
  CUfunction add = load(makeAddKernel());
  Buffer a = zeros(8), host{0x1234, 32};
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "kernel 'k': argument 1 is not device memory: 0x1234",
                    launch(add, 1, 8, 0, a, host, a, 8));
  Buffer past{a.address + 32, 0};
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "0 bytes past the end of the allocation of 32 bytes",
                    launch(add, 1, 8, 0, a, a, past, 8));
  // A refused launch is no fault.
  EXPECT_CUDA(launch(add, 1, 8, 0, a, a, a, 8));
}

TEST_F(SimulatedDeviceChecksTest, MissingArgument) {
  CUfunction add = load(makeAddKernel());
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "kernel 'k' has 4 arguments, argument 0 is missing",
                    PDQ_CUDA(cuLaunchKernel)(add, 1, 1, 1, 8, 1, 1, 0, stream,
                                             nullptr, nullptr));
}

TEST_F(SimulatedDeviceChecksTest, ShapesOverTheLimits) {
  DeviceCode code("ptr %x");
  CUfunction function = load(code.str());
  Buffer x = zeros(1);
  EXPECT_CUDA(launchShape(function, {1, 1, 1}, {32, 32, 1}, x));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "the block (32, 33, 1) has 1056 threads, at most 1024",
                    launchShape(function, {1, 1, 1}, {32, 33, 1}, x));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE, "at most (1024, 1024, 64)",
                    launchShape(function, {1, 1, 1}, {1, 1, 65}, x));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "at most (2147483647, 65535, "
                    "65535)",
                    launchShape(function, {1, 65536, 1}, {1, 1, 1}, x));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE, "the grid is (0, 1, 1)",
                    launchShape(function, {0, 1, 1}, {1, 1, 1}, x));
}

TEST_F(SimulatedDeviceChecksTest, BlockOtherThanCompiledFor) {
  DeviceCode exact("ptr %x", "\"nvvm.reqntid\"=\"64,1,1\"");
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "the block is (32, 1, 1), but the code is compiled for "
                    "(64, 1, 1)",
                    launch(load(exact.str()), 1, 32, 0, zeros(1)));
  DeviceCode most("ptr %x", "\"nvvm.maxntid\"=\"64\"");
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "has 96 threads, at most 64 are possible",
                    launch(load(most.str()), 1, 96, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, TooMuchSharedMemory) {
  CUfunction reverse = load(makeReverseKernel());
  Buffer x = zeros(64);
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE,
                    "65536 bytes of dynamic shared memory, but 49152 are "
                    "allowed; cuFuncSetAttribute allows more",
                    launch(reverse, 1, 64, 64 << 10, x));
  EXPECT_CUDA(PDQ_CUDA(cuFuncSetAttribute)(
      reverse, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 64 << 10));
  EXPECT_CUDA(launch(reverse, 1, 64, 64 << 10, x));
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_INVALID_VALUE,
      "233472 bytes of dynamic shared memory, sm_90 allows 232448",
      PDQ_CUDA(cuFuncSetAttribute)(
          reverse, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 228 << 10));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_VALUE, "more than the 232448 of sm_90",
                    launch(reverse, 1, 64, 228 << 10, x));
}

/// In a process of its own, as the chip is chosen once.
int exitWithChip(const char *name, CUresult expected) {
  setenv("PDQ_SIM_CHIP", name, 1);
  int major = 0, shared = 0;
  if (PDQ_CUDA(cuInit)(0) != expected)
    return 1;
  if (expected != CUDA_SUCCESS)
    return lastMessage().find("known chips are sm_80") == std::string::npos;
  PDQ_CUDA(cuDeviceGetAttribute)(
      &major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0);
  PDQ_CUDA(cuDeviceGetAttribute)(
      &shared, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 0);
  return !(major == 8 && shared == 163 * 1024);
}

TEST(SimulatedChipTest, IsChosenByName) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(exit(exitWithChip("sm_80", CUDA_SUCCESS)),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit(exitWithChip("sm_12", CUDA_ERROR_NO_DEVICE)),
              testing::ExitedWithCode(0), "");
}

//===----------------------------------------------------------------------===//
// Modules and streams
//===----------------------------------------------------------------------===//

TEST_F(SimulatedDeviceChecksTest, ImagesThatAreRefused) {
  CUmodule module = nullptr;
  auto tryLoad = [&](const char *image) {
    return PDQ_CUDA(cuModuleLoadDataEx)(&module, image, 0, nullptr, nullptr);
  };
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE,
                    "the image is PTX, but the simulated device runs LLVM "
                    "bitcode or LLVM IR text",
                    tryLoad("//\n.version 8.0\n.target sm_90\n"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE, "the image is a cubin",
                    tryLoad("\177ELF\2\1\1"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE, "line 1: ", tryLoad("nonsense"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE, "the image is empty",
                    tryLoad(""));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE, "the module has no kernel",
                    tryLoad("define void @f() {\n  ret void\n}\n"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE,
                    "the module is for 'x86_64-linux-gnu'",
                    tryLoad("target triple = \"x86_64-linux-gnu\"\n"));
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_INVALID_IMAGE,
      "function 'k' uses the device operation 'llvm.nvvm.griddepcontrol.wait'",
      tryLoad("declare void @llvm.nvvm.griddepcontrol.wait()\n"
              "define ptx_kernel void @k() {\n"
              "  call void @llvm.nvvm.griddepcontrol.wait()\n"
              "  ret void\n}\n"));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_IMAGE, "device operation 'malloc'",
                    tryLoad("declare ptr @malloc(i64)\n"
                            "define ptx_kernel void @k() {\n"
                            "  %p = call ptr @malloc(i64 4)\n"
                            "  ret void\n}\n"));
}

TEST_F(SimulatedDeviceChecksTest, UnknownKernel) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  std::string image = makeAddKernel();
  EXPECT_CUDA(PDQ_CUDA(cuModuleLoadData)(&module, image.c_str()));
  EXPECT_CUDA_ERROR(CUDA_ERROR_NOT_FOUND, "no kernel 'add', the module has 'k'",
                    PDQ_CUDA(cuModuleGetFunction)(&function, module, "add"));
  EXPECT_CUDA(PDQ_CUDA(cuModuleGetFunction)(&function, module, "k"));
  EXPECT_CUDA(PDQ_CUDA(cuModuleUnload)(module));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_HANDLE, "unloaded module",
                    launch(function, 1, 1, 0, zeros(1)));
}

TEST_F(SimulatedDeviceChecksTest, WaitingEndsACapture) {
  CUgraph graph = nullptr;
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuStreamBeginCapture)(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CUDA_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                    "the stream captures and cannot be waited for",
                    PDQ_CUDA(cuStreamSynchronize)(stream));
  EXPECT_CUDA_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
                    "an earlier call made the capture invalid",
                    PDQ_CUDA(cuStreamEndCapture)(stream, &graph));
  CUdeviceptr pointer = 0;
  EXPECT_CUDA(
      PDQ_CUDA_V2(cuStreamBeginCapture)(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CUDA_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                    "memory cannot be allocated while a stream captures",
                    PDQ_CUDA_V2(cuMemAlloc)(&pointer, 16));
}

TEST_F(SimulatedDeviceChecksTest, HandlesThatDoNotExist) {
  auto *nothing = reinterpret_cast<CUstream>(0x10);
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_HANDLE, "not a stream",
                    PDQ_CUDA(cuStreamSynchronize)(nothing));
  EXPECT_CUDA(PDQ_CUDA_V2(cuStreamDestroy)(stream));
  EXPECT_CUDA_ERROR(CUDA_ERROR_INVALID_HANDLE, "not a stream",
                    PDQ_CUDA_V2(cuStreamDestroy)(stream));
}

TEST_F(SimulatedDeviceChecksTest, MoreMemoryThanThereIs) {
  CUdeviceptr pointer = 0;
  size_t free = 0, total = 0;
  EXPECT_CUDA(PDQ_CUDA_V2(cuMemGetInfo)(&free, &total));
  EXPECT_CUDA_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "bytes asked for",
                    PDQ_CUDA_V2(cuMemAlloc)(&pointer, total + 1));
}

} // namespace
