// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Temporaries share no byte while they live together, and hardly any memory is
// lost.

#include "pdq/Plan/Buffer/PlanArena.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir::pdq;

namespace {

int64_t getLargestLiveSet(llvm::ArrayRef<Temporary> temporaries) {
  int64_t largest = 0;
  for (const Temporary &at : temporaries) {
    int64_t live = 0;
    for (const Temporary &other : temporaries)
      if (other.first <= at.first && at.first <= other.last)
        live += other.bytes;
    largest = std::max(largest, live);
  }
  return largest;
}

void expectDisjoint(llvm::ArrayRef<Temporary> temporaries,
                    const ArenaPlan &plan) {
  for (size_t i = 0; i < temporaries.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0);
    EXPECT_LE(plan.offsets[i] + temporaries[i].bytes, plan.totalBytes);
    for (size_t j = 0; j < i; ++j) {
      const Temporary &a = temporaries[i], &b = temporaries[j];
      bool together = a.first <= b.last && b.first <= a.last;
      bool apart = plan.offsets[i] + a.bytes <= plan.offsets[j] ||
                   plan.offsets[j] + b.bytes <= plan.offsets[i];
      EXPECT_TRUE(!together || apart) << i << " and " << j;
    }
  }
}

TEST(PlanArena, ReusesMemoryOfTheDead) {
  Temporary temporaries[] = {{128, 0, 1}, {64, 1, 2}, {128, 2, 3}};
  ArenaPlan plan = planArena(temporaries, 64);
  expectDisjoint(temporaries, plan);
  EXPECT_EQ(plan.totalBytes, 192);
}

// What needs no memory still has a place of its own.
TEST(PlanArena, PlacesEmptyTemporaries) {
  Temporary temporaries[] = {{0, 0, 4}, {0, 0, 4}};
  ArenaPlan plan = planArena(temporaries, 64);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
}

// A forward pass whose results live until their derivative is taken, with
// halving sizes and scratch memory, as in the steps of networks.
TEST(PlanArena, WastesLittleOnForwardAndBackward) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Temporary> temporaries;
    int depth = 5 + random() % 15;
    for (int layer = 0; layer < depth; ++layer) {
      int64_t bytes = 64 * (int64_t(1) << (20 - layer * 10 / depth));
      int64_t backward = 2 * depth - layer;
      temporaries.push_back({bytes, layer, backward});
      temporaries.push_back({bytes / 2, layer, layer + 1});
      temporaries.push_back({bytes, backward, backward + 1});
    }
    ArenaPlan plan = planArena(temporaries, 64);
    expectDisjoint(temporaries, plan);
    EXPECT_LE(plan.totalBytes, 1.15 * getLargestLiveSet(temporaries)) << trial;
  }
}

TEST(PlanArena, NeverOverlapsRandomTemporaries) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Temporary> temporaries;
    for (int i = 0; i < 60; ++i) {
      int64_t first = random() % 100;
      temporaries.push_back(
          {int64_t(random() % 5000), first, first + int64_t(random() % 20)});
    }
    expectDisjoint(temporaries, planArena(temporaries, 64));
  }
}

} // namespace
