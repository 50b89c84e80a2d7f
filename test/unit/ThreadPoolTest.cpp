// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool: who computes what, and that everybody sees it. These cases
// are what ThreadSanitizer watches (docs/Fuzzing.md).

#include "pdq/Runtime/CPU/ThreadPool.h"
#include "gtest/gtest.h"
#include <chrono>
#include <memory>

using namespace mlir::pdq;

namespace {

/// More threads than this machine may have cores.
constexpr unsigned manyThreads = 4;

/// Operand 0 counts the visits of each place.
void count(void **operands, int64_t begin, int64_t end) {
  auto *visits = static_cast<int64_t *>(operands[0]);
  for (int64_t i = begin; i < end; ++i)
    ++visits[i];
}

/// Operand 1 becomes operand 0 turned by one place: each part reads what other
/// parts wrote in the range before.
void turn(void **operands, int64_t begin, int64_t end) {
  auto *from = static_cast<int64_t *>(operands[0]);
  auto *to = static_cast<int64_t *>(operands[1]);
  int64_t size = *static_cast<int64_t *>(operands[2]);
  for (int64_t i = begin; i < end; ++i)
    to[i] = from[(i + 1) % size];
}

/// Operand 0 keeps where the part of each place begins.
void keepBegin(void **operands, int64_t begin, int64_t end) {
  auto *begins = static_cast<int64_t *>(operands[0]);
  for (int64_t i = begin; i < end; ++i)
    begins[i] = begin;
}

void runCount(ThreadPool &pool, std::vector<int64_t> &visits) {
  void *operands[] = {visits.data()};
  pool.run(count, operands, visits.size());
}

TEST(ThreadPoolTest, EveryPlaceIsVisitedOnce) {
  for (unsigned threads : {1u, 2u, 3u, manyThreads}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.getNumThreads(), threads);
    for (int64_t range : {0, 1, 2, 3, 5, 64}) {
      std::vector<int64_t> visits(range, 0);
      runCount(pool, visits);
      EXPECT_EQ(visits, std::vector<int64_t>(range, 1))
          << threads << " threads, range " << range;
    }
  }
}

TEST(ThreadPoolTest, SplitDependsOnNumberOfThreadsOnly) {
  ThreadPool pool(3);
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::vector<int64_t> begins(10, -1);
    void *operands[] = {begins.data()};
    pool.run(keepBegin, operands, begins.size());
    EXPECT_EQ(begins, (std::vector<int64_t>{0, 0, 0, 3, 3, 3, 6, 6, 6, 6}));
  }
}

/// The workers spin from one range to the next.
TEST(ThreadPoolTest, RangesSeeWhatTheOnesBeforeWrote) {
  ThreadPool pool(manyThreads);
  constexpr int64_t turns = 3000;
  std::vector<int64_t> a(17), b(17);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = i;
  int64_t size = a.size();
  for (int64_t i = 0; i < turns; ++i) {
    void *operands[] = {a.data(), b.data(), &size};
    pool.run(turn, operands, size);
    std::swap(a, b);
  }
  for (int64_t i = 0; i < size; ++i)
    EXPECT_EQ(a[i], (i + turns) % size);
}

/// The workers sleep before each range.
TEST(ThreadPoolTest, SleepingWorkersWakeUp) {
  ThreadPool pool(manyThreads);
  std::vector<int64_t> visits(8, 0);
  constexpr int64_t ranges = 40;
  for (int64_t i = 0; i < ranges; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
    runCount(pool, visits);
  }
  EXPECT_EQ(visits, std::vector<int64_t>(8, ranges));
}

/// A pool may go while its workers start, spin or sleep.
TEST(ThreadPoolTest, PoolsEndAtAnyTime) {
  for (int64_t i = 0; i < 60; ++i) {
    auto pool = std::make_unique<ThreadPool>(manyThreads);
    std::vector<int64_t> visits(8, 0);
    for (int64_t range = 0; range < i % 3; ++range)
      runCount(*pool, visits);
    std::this_thread::sleep_for(std::chrono::microseconds(i % 4 * 300));
    pool.reset();
    EXPECT_EQ(visits, std::vector<int64_t>(8, i % 3));
  }
}

/// Calls may come from one thread after another.
TEST(ThreadPoolTest, CallersTakeTurns) {
  ThreadPool pool(2);
  std::vector<int64_t> visits(8, 0);
  for (int64_t i = 0; i < 20; ++i)
    std::thread([&] { runCount(pool, visits); }).join();
  EXPECT_EQ(visits, std::vector<int64_t>(8, 20));
}

} // namespace
