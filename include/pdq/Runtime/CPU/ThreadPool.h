// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads for ranges that take microseconds: workers spin for a while before
// they sleep, and nothing is allocated to start a range.

#ifndef PDQ_RUNTIME_CPU_THREADPOOL_H
#define PDQ_RUNTIME_CPU_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mlir::pdq {

/// Code of one kernel: computes the part [begin, end) of its range.
using KernelEntry = void (*)(void **operands, int64_t begin, int64_t end);

/// A fixed number of threads, the caller's among them. One caller at a time.
class ThreadPool {
public:
  /// `threads` >= 1; 1 starts no thread.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();

  unsigned getNumThreads() const { return workers.size() + 1; }

  /// Computes [0, range) of a kernel. Part t of n starts at t * range / n, so
  /// the split depends on nothing but the number of threads.
  void run(KernelEntry entry, void **operands, int64_t range);

private:
  void work(unsigned part);
  void runPart(unsigned part) const;

  std::vector<std::thread> workers;
  KernelEntry entry = nullptr;
  void **operands = nullptr;
  int64_t range = 0;
  /// Counts ranges; a change starts the workers.
  alignas(64) std::atomic<uint64_t> generation{0};
  /// Workers that have not finished the current range.
  alignas(64) std::atomic<unsigned> pending{0};
  alignas(64) std::atomic<unsigned> sleepers{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
};

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CPU_THREADPOOL_H
