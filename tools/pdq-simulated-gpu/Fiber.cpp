// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Switching between fibers: a few instructions on x86-64, ucontext elsewhere.

#include "Fiber.h"
#include <sys/mman.h>

namespace pdq::sim {

FiberStack::FiberStack() {
  constexpr size_t kGuard = 4096;
  void *memory = mmap(nullptr, kBytes + kGuard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return;
  mprotect(memory, kGuard, PROT_NONE);
  begin = static_cast<char *>(memory) + kGuard;
}

#if defined(__x86_64__)

// Saves what the ABI says that a call preserves, changes the stack, restores.
asm(R"(
.text
.p2align 4
.type pdq_sim_switch,@function
pdq_sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size pdq_sim_switch,.-pdq_sim_switch
)");
void switchStack(void **save, void *load) __asm__("pdq_sim_switch");

void prepareFiber(FiberContext &fiber, const FiberStack &stack,
                  void (*entry)()) {
  // As after a call: the stack is 8 bytes off its 16-byte alignment when
  // `entry` begins. Six registers are popped before.
  void **top =
      reinterpret_cast<void **>(stack.getBegin() + FiberStack::kBytes - 64);
  top[0] = reinterpret_cast<void *>(entry);
  top[1] = nullptr;
  fiber.stackPointer = top - 6;
}

void switchFiber(FiberContext &current, FiberContext &next) {
  switchStack(&current.stackPointer, next.stackPointer);
}

#else

void prepareFiber(FiberContext &fiber, const FiberStack &stack,
                  void (*entry)()) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack.getBegin();
  fiber.context.uc_stack.ss_size = FiberStack::kBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}

void switchFiber(FiberContext &current, FiberContext &next) {
  swapcontext(&current.context, &next.context);
}

#endif

} // namespace pdq::sim
