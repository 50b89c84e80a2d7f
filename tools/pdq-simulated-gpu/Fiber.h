// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A device thread is a fiber: a stack and a place to continue at. Thousands of
// switches between the threads of a block cost microseconds.

#ifndef PDQ_SIMULATED_GPU_FIBER_H
#define PDQ_SIMULATED_GPU_FIBER_H

#include <cstddef>
#include <cstdint>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace pdq::sim {

/// The state of a thread that does not run.
struct FiberContext {
#if defined(__x86_64__)
  void *stackPointer = nullptr;
#else
  ucontext_t context;
#endif
};

/// Memory of a stack with an inaccessible page below, so that an overflow
/// faults and overwrites nothing. Kept until the process ends.
class FiberStack {
public:
  static constexpr size_t kBytes = 128 * 1024;
  /// Null memory when the system has none left.
  FiberStack();
  bool isValid() const { return begin != nullptr; }
  bool contains(uint64_t address) const {
    uint64_t first = reinterpret_cast<uint64_t>(begin);
    return address >= first && address < first + kBytes;
  }
  char *getBegin() const { return begin; }

private:
  char *begin = nullptr;
};

/// Makes `fiber` begin in `entry`, which must never return.
void prepareFiber(FiberContext &fiber, const FiberStack &stack,
                  void (*entry)());

/// Continues `next`; returns when something switches back to `current`.
void switchFiber(FiberContext &current, FiberContext &next);

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_FIBER_H
