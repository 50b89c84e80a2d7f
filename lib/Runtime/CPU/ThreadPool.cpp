// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spinning workers.

#include "pdq/Runtime/CPU/ThreadPool.h"
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

using namespace mlir::pdq;

/// Turns a worker waits in a loop before it sleeps (about 50 microseconds), and
/// turns before a waiting thread offers its core to others: with more threads
/// than cores the one that is waited for needs it.
static constexpr int spinsBeforeSleep = 2000;
static constexpr int spinsBeforeYield = 500;

static void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#endif
}

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned part = 1; part < threads; ++part)
    workers.emplace_back([this, part] { work(part); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stop = true;
    generation.fetch_add(1);
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::runPart(unsigned part) const {
  int64_t parts = workers.size() + 1;
  int64_t begin = part * range / parts, end = (part + 1) * range / parts;
  if (begin < end)
    entry(operands, begin, end);
}

void ThreadPool::run(KernelEntry newEntry, void **newOperands,
                     int64_t newRange) {
  if (workers.empty() || newRange <= 1) {
    newEntry(newOperands, 0, newRange);
    return;
  }
  entry = newEntry;
  operands = newOperands;
  range = newRange;
  pending.store(workers.size());
  generation.fetch_add(1);
  if (sleepers.load()) {
    // Taking the lock orders this wake-up behind the sleeper's last look.
    std::lock_guard<std::mutex> lock(mutex);
    wake.notify_all();
  }
  runPart(0);
  for (int spins = 0; pending.load(std::memory_order_acquire); ++spins) {
    if (spins < spinsBeforeYield)
      pause();
    else
      std::this_thread::yield();
  }
}

void ThreadPool::work(unsigned part) {
  uint64_t seen = 0;
  while (true) {
    for (int spins = 0; generation.load() == seen && spins < spinsBeforeSleep;
         ++spins)
      pause();
    if (generation.load() == seen) {
      std::unique_lock<std::mutex> lock(mutex);
      sleepers.fetch_add(1);
      wake.wait(lock, [&] { return generation.load() != seen; });
      sleepers.fetch_sub(1);
    }
    seen = generation.load();
    if (stop)
      return;
    runPart(part);
    pending.fetch_sub(1, std::memory_order_release);
  }
}
