// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that several tests of the simulated device launch, right ones and
// the same with a mistake.

#ifndef PDQ_TEST_UNIT_DEVICEKERNELS_H
#define PDQ_TEST_UNIT_DEVICEKERNELS_H

#include "DeviceCode.h"

namespace pdqtest {

/// out[i] = a[i] + b[i] for i < n.
inline std::string makeAddKernel() {
  DeviceCode code("ptr %a, ptr %b, ptr %out, i32 %n");
  std::string size = code.define("call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()");
  std::string i = code.integer("mul", code.getBlock(), size);
  i = code.integer("add", i, code.getThread());
  code.beginIf(code.isTrue("ult", i, "%n"));
  std::string a = code.load(code.address("ptr %a", i));
  std::string b = code.load(code.address("ptr %b", i));
  code.store(code.define("fadd float " + a + ", " + b),
             code.address("ptr %out", i));
  code.endIf();
  return code.str();
}

/// x[i] *= 2 for i < n, with one block.
inline const char *const kStrideKernel = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
define ptx_kernel void @k(ptr %x, i32 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %d = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  br label %head
head:
  %i = phi i32 [ %t, %entry ], [ %next, %body ]
  %in = icmp ult i32 %i, %n
  br i1 %in, label %body, label %end
body:
  %p = getelementptr float, ptr %x, i32 %i
  %v = load float, ptr %p
  %w = fmul float %v, 2.0
  store float %w, ptr %p
  %next = add i32 %i, %d
  br label %head
end:
  ret void
}
)";

/// out[block] = sum of the block's 256 elements of x, as a tree in shared
/// memory; without the barrier behind step `missingBarrier`.
inline std::string makeReduceKernel(int missingBarrier = -1) {
  DeviceCode code("ptr %x, ptr %out");
  code.declare("@s = internal addrspace(3) global [256 x float] undef");
  std::string thread = code.getThread(), block = code.getBlock();
  std::string i =
      code.integer("add", code.integer("mul", block, "256"), thread);
  std::string mine = code.address("ptr addrspace(3) @s", thread);
  code.store(code.load(code.address("ptr %x", i)), mine);
  int step = 0;
  if (missingBarrier != step++)
    code.barrier();
  for (int half = 128; half > 0; half /= 2) {
    std::string count = std::to_string(half);
    code.beginIf(code.isTrue("ult", thread, count));
    std::string other = code.integer("add", thread, count);
    std::string a = code.load(mine);
    std::string b = code.load(code.address("ptr addrspace(3) @s", other));
    code.store(code.define("fadd float " + a + ", " + b), mine);
    code.endIf();
    if (missingBarrier != step++)
      code.barrier();
  }
  code.beginIf(code.isTrue("eq", thread, "0"));
  code.store(code.load("ptr addrspace(3) @s"), code.address("ptr %out", block));
  code.endIf();
  return code.str();
}

/// x[i] = x[63 - i] for 64 threads, through dynamic shared memory.
inline std::string makeReverseKernel() {
  DeviceCode code("ptr %x");
  code.declare("@dynamic = external addrspace(3) global [0 x float], align 16");
  std::string thread = code.getThread();
  std::string px = code.address("ptr %x", thread);
  code.store(code.load(px), code.address("ptr addrspace(3) @dynamic", thread));
  code.barrier();
  std::string other = code.integer("sub", "63", thread);
  code.store(code.load(code.address("ptr addrspace(3) @dynamic", other)), px);
  return code.str();
}

struct RingOptions {
  /// Groups that may be under way when a stage is read; 1 is right.
  int pending = 1;
  /// Whether all have read a stage before it is filled again.
  bool hasBarrier = true;
  /// Bytes by which the sources are off.
  int sourceOffset = 0;
};

/// out[i] = sum over 4 steps of x[128 step + i]: 32 threads copy to a ring of
/// two stages, and each adds up what the thread opposite copied. In the last
/// step only 8 of 16 bytes are copied.
inline std::string makeRingKernel(const RingOptions &options) {
  DeviceCode code("ptr %x, ptr %out");
  code.declare(
      "@ring = internal addrspace(3) global [256 x float] undef, align 16");
  std::string thread = code.getThread();
  std::string opposite = code.integer("sub", "31", thread);
  std::string mine = code.integer("mul", thread, "4");
  std::string theirs = code.integer("mul", opposite, "4");
  auto place = [&](int step, const std::string &element) {
    std::string stage =
        code.integer("add", element, std::to_string(step % 2 * 128));
    return code.address("ptr addrspace(3) @ring", stage);
  };
  auto copy = [&](int step) {
    std::string i = code.integer("add", mine, std::to_string(128 * step));
    std::string source = code.address("ptr %x", i);
    source = code.address(source, std::to_string(options.sourceOffset), "i8");
    source = code.define("addrspacecast " + source + " to ptr addrspace(1)");
    code.add("call void @llvm.nvvm.cp.async.ca.shared.global.16.s(" +
             place(step, mine) + ", ptr addrspace(1) " + source + ", i32 " +
             (step == 3 ? "8" : "16") + ")");
    code.add("call void @llvm.nvvm.cp.async.commit.group()");
  };
  std::string zero = "<float 0.0, float 0.0, float 0.0, float 0.0>";
  std::string sum = zero;
  copy(0);
  for (int step = 0; step < 4; ++step) {
    if (step < 3)
      copy(step + 1);
    int pending = step < 3 ? options.pending : 0;
    code.add("call void @llvm.nvvm.cp.async.wait.group(i32 " +
             std::to_string(pending) + ")");
    code.barrier();
    std::string value = code.load(place(step, theirs), "<4 x float>");
    sum = code.define("fadd <4 x float> " + sum + ", " + value);
    if (options.hasBarrier)
      code.barrier();
  }
  code.store(sum, code.address("ptr %out", theirs), "<4 x float>");
  return code.str();
}

} // namespace pdqtest

#endif // PDQ_TEST_UNIT_DEVICEKERNELS_H
