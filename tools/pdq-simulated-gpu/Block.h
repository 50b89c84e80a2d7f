// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The block that runs: its threads as fibers, what they wait for, and where
// they stop when device code does something wrong.

#ifndef PDQ_SIMULATED_GPU_BLOCK_H
#define PDQ_SIMULATED_GPU_BLOCK_H

#include "Chip.h"
#include "Fiber.h"
#include "Status.h"
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace pdq::sim {

struct Intrinsic;
struct Kernel;

/// An argument of a device intrinsic, as lowered code stores it.
struct Slot {
  uint64_t words[2];
};

/// Extents in x, y, z.
using Extents = std::array<uint32_t, 3>;

struct LaunchShape {
  Extents grid = {1, 1, 1};
  Extents block = {1, 1, 1};
  uint32_t dynamicSharedBytes = 0;
};

/// A copy to shared memory that has been issued; the source is read and the
/// destination written when it is waited for, as late as the hardware may.
struct AsyncCopy {
  uint64_t destination, source;
  uint32_t bytes, validBytes;
};

/// A matrix operand that an asynchronous product reads: 32 bytes of each row.
struct MatrixRead {
  uint64_t descriptor;
  unsigned rows;
};

enum class ThreadState : uint8_t { Ready, AtBarrier, AtCollective, Done };

/// One device thread. The first members are read by lowered code.
struct Thread {
  Extents threadIndex, blockExtents, blockIndex, gridExtents;
  uint32_t lane, warp, index;
  ThreadState state;
  FiberContext context;
  // Where it waits: a barrier, or an intrinsic of a warp or warpgroup.
  uint32_t barrierId, barrierCount, votes;
  bool predicate;
  const Intrinsic *intrinsic;
  uint32_t site;
  Slot *arguments;
  void *result;
  std::vector<AsyncCopy> openCopies;
  std::vector<std::vector<AsyncCopy>> copyGroups;
  // Of the first thread of a warpgroup, for all of it.
  std::vector<MatrixRead> openReads;
  std::vector<std::vector<MatrixRead>> readGroups;
  bool hasFencedMatrix;
};

class Block {
public:
  /// Runs all blocks of a launch, one after the other. `parameters` are
  /// pointers to the values of the arguments.
  Status launch(const Kernel &kernel, const LaunchShape &shape,
                void **parameters);

  /// For intrinsics, on the stack of a device thread:
  Thread &getCurrent() { return *current; }
  /// Where lowered code finds the running thread.
  Thread *const *getCurrentAddress() const { return &current; }
  std::vector<Thread> &getThreads() { return threads; }
  /// Waits until `count` threads (0: all) have arrived at barrier `id`; answers
  /// how many of them came with a true predicate.
  uint32_t arrive(uint32_t id, uint32_t count, uint32_t site,
                  bool predicate = false);
  /// Lets other threads run until this one is ready again.
  void wait(ThreadState state);
  /// Stops the launch. The message gets kernel, block and thread.
  [[noreturn]] void fail(CUresult code, const llvm::Twine &message);

  bool isPrivate(uint64_t address, uint64_t bytes) const;
  /// Where an address is, for a message: symbol and offset in shared memory,
  /// allocation and kernel argument elsewhere.
  std::string describe(uint64_t address) const;
  /// "block (0, 0, 0) thread (1, 0, 0)" of linear indices.
  std::string describeThread(uint64_t blockIndex, uint32_t thread) const;
  const Kernel *getKernel() const { return kernel; }
  /// Bytes of shared memory of this launch, with the guards.
  uint32_t getSharedSpan() const;

private:
  Status prepare();
  void runBlock(uint64_t linearIndex);
  void startThreads(uint64_t linearIndex);
  /// One pass over all threads; whether one of them ran.
  bool runReadyThreads();
  void finishThread();
  void releaseBarrier(uint32_t id, uint32_t arrived);
  void setSharedValidity(bool isValid);
  Status reportDeadlock();
  static void runFiber();

  const Kernel *kernel = nullptr;
  LaunchShape shape;
  void **parameters = nullptr;
  std::vector<Thread> threads;
  std::vector<FiberStack> stacks;
  std::vector<uint32_t> order;
  FiberContext scheduler;
  Thread *current = nullptr;
  uint32_t live = 0;
  const Thread *firstDone = nullptr;
  std::array<uint32_t, 16> arrivals = {};
  unsigned seed = 0;
  std::mt19937 random;
  Status failure = Status::success();
};

/// One block runs at a time: order, messages and results are reproducible.
extern Block block;

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_BLOCK_H
