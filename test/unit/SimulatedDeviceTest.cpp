// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that are right give the right numbers on the simulated device, in
// any order of their threads.

#include "SimulatedDevice.h"
#include <cmath>

using namespace pdqtest;

namespace {

std::vector<float> makeRamp(size_t count, float step) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = step * static_cast<float>(i);
  return values;
}

/// out[i] = a[i] + b[i] for i < n.
const char *const kAdd = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
define ptx_kernel void @k(ptr %a, ptr %b, ptr %out, i32 %n) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b0 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %d = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %o = mul i32 %b0, %d
  %i = add i32 %o, %t
  %in = icmp ult i32 %i, %n
  br i1 %in, label %then, label %end
then:
  %pa = getelementptr float, ptr %a, i32 %i
  %pb = getelementptr float, ptr %b, i32 %i
  %po = getelementptr float, ptr %out, i32 %i
  %x = load float, ptr %pa
  %y = load float, ptr %pb
  %z = fadd float %x, %y
  store float %z, ptr %po
  br label %end
end:
  ret void
}
)";

TEST_F(SimulatedDeviceTest, AddsVectors) {
  CUfunction add = load(kAdd);
  Buffer a = upload(makeRamp(1000, 1)), b = upload(makeRamp(1000, 2));
  Buffer out = allocate(4000);
  EXPECT_CUDA(launch(add, 8, 128, 0, a, b, out, 1000));
  EXPECT_EQ(makeRamp(1000, 3), download<float>(out));
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

/// Blocks of 256 add up their part of x in a tree: out[block] = sum.
const char *const kReduce = R"(
@s = internal addrspace(3) global [256 x float] undef, align 16
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
define ptx_kernel void @k(ptr %x, ptr %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %o = mul i32 %b, 256
  %i = add i32 %o, %t
  %px = getelementptr float, ptr %x, i32 %i
  %v = load float, ptr %px
  %ps = getelementptr float, ptr addrspace(3) @s, i32 %t
  store float %v, ptr addrspace(3) %ps
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %loop
loop:
  %h = phi i32 [ 128, %entry ], [ %next, %latch ]
  %low = icmp ult i32 %t, %h
  br i1 %low, label %then, label %latch
then:
  %j = add i32 %t, %h
  %pj = getelementptr float, ptr addrspace(3) @s, i32 %j
  %u = load float, ptr addrspace(3) %ps
  %w = load float, ptr addrspace(3) %pj
  %sum = fadd float %u, %w
  store float %sum, ptr addrspace(3) %ps
  br label %latch
latch:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %next = lshr i32 %h, 1
  %more = icmp ne i32 %next, 0
  br i1 %more, label %loop, label %done
done:
  %first = icmp eq i32 %t, 0
  br i1 %first, label %write, label %end
write:
  %total = load float, ptr addrspace(3) @s
  %po = getelementptr float, ptr %out, i32 %b
  store float %total, ptr %po
  br label %end
end:
  ret void
}
)";

TEST_F(SimulatedDeviceTest, ReducesInSharedMemory) {
  CUfunction reduce = load(kReduce);
  Buffer x = upload(makeRamp(512, 1)), out = allocate(8);
  EXPECT_CUDA(launch(reduce, 2, 256, 0, x, out));
  // 0 + ... + 255, and 256 * 256 more.
  EXPECT_EQ((std::vector<float>{32640, 98176}), download<float>(out));
}

TEST_F(SimulatedDeviceTest, ReplaysAGraph) {
  CUfunction add = load(kAdd);
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

} // namespace
