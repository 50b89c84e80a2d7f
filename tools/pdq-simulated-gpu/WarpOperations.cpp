// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations in which the lanes of a warp exchange values.

#include "Intrinsics.h"
#include "Monitor.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>
#include <limits>

using namespace llvm;

namespace pdq::sim {

namespace {
enum class Shuffle { Index, Up, Down, Butterfly };
enum class Vote { All, Any, Uniform, Ballot };
enum class Reduction { Add, UMin, UMax, Min, Max, And, Or, Xor };
} // namespace

/// The lane that `lane` reads, and whether that is inside of its segment;
/// shfl.sync in the PTX manual.
static int findSource(Shuffle mode, int lane, uint32_t operand,
                      uint32_t clampAndSegment, bool &isInside) {
  int b = operand & 31, clamp = clampAndSegment & 31;
  int segment = clampAndSegment >> 8 & 31;
  int last = (lane & segment) | (clamp & ~segment);
  int source = lane;
  switch (mode) {
  case Shuffle::Index:
    source = (lane & segment) | (b & ~segment);
    isInside = source <= last;
    break;
  case Shuffle::Up:
    source = lane - b;
    isInside = source >= last;
    break;
  case Shuffle::Down:
    source = lane + b;
    isInside = source <= last;
    break;
  case Shuffle::Butterfly:
    source = lane ^ b;
    isInside = source <= last;
    break;
  }
  return isInside ? source : lane;
}

/// The lanes that took part; those that a block without a full last warp lacks
/// count as if they had.
static uint32_t getLanes(const Group &group) {
  size_t first = size_t(block.getCurrent().warp) * kWarpSize;
  uint32_t lanes = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    bool exists = first + lane < block.getThreads().size();
    lanes |= uint32_t(!exists || group.lanes[lane]) << lane;
  }
  return lanes;
}

/// Arguments: mask, value, operand, clamp and segment. The result is the value
/// and, with parameter 1, whether the source was inside.
static void shuffle(Group &group, const Intrinsic &intrinsic) {
  auto mode = static_cast<Shuffle>(intrinsic.parameters[0]);
  for (int lane = 0; lane < int(kWarpSize); ++lane) {
    Thread *thread = group.lanes[lane];
    if (!thread)
      continue;
    Slot *arguments = thread->arguments;
    bool isInside = true;
    int source = findSource(mode, lane, get<uint32_t>(arguments[2]),
                            get<uint32_t>(arguments[3]), isInside);
    if (!group.lanes[source])
      block.fail(CUDA_ERROR_LAUNCH_FAILED,
                 intrinsic.name + ": lane " + Twine(lane) + " reads lane " +
                     Twine(source) + ", which takes no part");
    auto *result = static_cast<uint32_t *>(thread->result);
    result[0] = get<uint32_t>(group.lanes[source]->arguments[1]);
    if (intrinsic.parameters[1])
      *reinterpret_cast<uint8_t *>(result + 1) = isInside;
  }
  monitor.exchange(block.getCurrent().warp, getLanes(group));
}

/// Arguments: mask, predicate.
static void vote(Group &group, const Intrinsic &intrinsic) {
  uint32_t members = 0, ballot = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!group.lanes[lane])
      continue;
    members |= 1u << lane;
    if (get<uint32_t>(group.lanes[lane]->arguments[1]) & 1)
      ballot |= 1u << lane;
  }
  auto mode = static_cast<Vote>(intrinsic.parameters[0]);
  bool isTrue = mode == Vote::All   ? ballot == members
                : mode == Vote::Any ? ballot != 0
                                    : ballot == 0 || ballot == members;
  for (Thread *thread : group.lanes) {
    if (!thread)
      continue;
    if (mode == Vote::Ballot)
      *static_cast<uint32_t *>(thread->result) = ballot;
    else
      *static_cast<uint8_t *>(thread->result) = isTrue;
  }
}

static uint32_t combine(Reduction kind, uint32_t a, uint32_t b) {
  auto signedOf = [](uint32_t x) { return static_cast<int32_t>(x); };
  switch (kind) {
  case Reduction::Add:
    return a + b;
  case Reduction::UMin:
    return std::min(a, b);
  case Reduction::UMax:
    return std::max(a, b);
  case Reduction::Min:
    return signedOf(a) < signedOf(b) ? a : b;
  case Reduction::Max:
    return signedOf(a) > signedOf(b) ? a : b;
  case Reduction::And:
    return a & b;
  case Reduction::Or:
    return a | b;
  case Reduction::Xor:
    return a ^ b;
  }
  return a;
}

/// redux.sync; arguments: value, mask.
static void reduce(Group &group, const Intrinsic &intrinsic) {
  auto kind = static_cast<Reduction>(intrinsic.parameters[0]);
  bool isFirst = true;
  uint32_t result = 0;
  for (Thread *thread : group.lanes) {
    if (!thread)
      continue;
    uint32_t value = get<uint32_t>(thread->arguments[0]);
    result = isFirst ? value : combine(kind, result, value);
    isFirst = false;
  }
  for (Thread *thread : group.lanes)
    if (thread)
      *static_cast<uint32_t *>(thread->result) = result;
}

/// elect.sync: lane and whether the thread is the one that is elected.
static void elect(Group &group, const Intrinsic &) {
  const Thread *leader = nullptr;
  for (Thread *thread : group.lanes) {
    if (!thread)
      continue;
    if (!leader)
      leader = thread;
    auto *result = static_cast<uint32_t *>(thread->result);
    result[0] = leader->lane;
    *reinterpret_cast<uint8_t *>(result + 1) = thread == leader;
  }
}

static void warpBarrier(Group &group, const Intrinsic &) {
  monitor.barrierOfLanes(block.getCurrent().warp, getLanes(group));
}

static bool matchShuffle(StringRef name, Intrinsic &intrinsic) {
  auto [mode, type] = name.split('.');
  bool hasPredicate = type.consume_back("p");
  if (type != "i32" && type != "f32")
    return false;
  int kind = StringSwitch<int>(mode)
                 .Case("idx", int(Shuffle::Index))
                 .Case("up", int(Shuffle::Up))
                 .Case("down", int(Shuffle::Down))
                 .Case("bfly", int(Shuffle::Butterfly))
                 .Default(-1);
  intrinsic.perGroup = shuffle;
  intrinsic.parameters = {kind, hasPredicate, 0, 0};
  return kind >= 0;
}

static bool matchReduction(StringRef name, Intrinsic &intrinsic) {
  int kind = StringSwitch<int>(name)
                 .Case("add", int(Reduction::Add))
                 .Case("umin", int(Reduction::UMin))
                 .Case("umax", int(Reduction::UMax))
                 .Case("min", int(Reduction::Min))
                 .Case("max", int(Reduction::Max))
                 .Case("and", int(Reduction::And))
                 .Case("or", int(Reduction::Or))
                 .Case("xor", int(Reduction::Xor))
                 .Default(-1);
  intrinsic.perGroup = reduce;
  intrinsic.maskArgument = 1;
  intrinsic.parameters[0] = kind;
  return kind >= 0;
}

static bool matchVote(StringRef name, Intrinsic &intrinsic) {
  int kind = StringSwitch<int>(name)
                 .Case("all.sync", int(Vote::All))
                 .Case("any.sync", int(Vote::Any))
                 .Case("uni.sync", int(Vote::Uniform))
                 .Case("ballot.sync", int(Vote::Ballot))
                 .Default(-1);
  intrinsic.perGroup = vote;
  intrinsic.parameters[0] = kind;
  return kind >= 0;
}

bool matchWarpOperation(StringRef name, Intrinsic &intrinsic) {
  if (!name.consume_front("llvm.nvvm."))
    return false;
  intrinsic.maskArgument = 0;
  if (name.consume_front("shfl.sync."))
    return matchShuffle(name, intrinsic);
  if (name.consume_front("vote."))
    return matchVote(name, intrinsic);
  if (name.consume_front("redux.sync."))
    return matchReduction(name, intrinsic);
  if (name == "elect.sync")
    intrinsic.perGroup = elect;
  else if (name == "bar.warp.sync")
    intrinsic.perGroup = warpBarrier;
  return intrinsic.perGroup != nullptr;
}

} // namespace pdq::sim
