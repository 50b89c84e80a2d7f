// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looking up device operations, the rendezvous of a warp or warpgroup, and
// barriers.

#include "Intrinsics.h"
#include "Monitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <deque>
#include <map>

using namespace llvm;

namespace pdq::sim {

static std::deque<Intrinsic> intrinsics;

int findIntrinsic(StringRef name) {
  static std::map<std::string, int> ids;
  auto it = ids.find(name.str());
  if (it != ids.end())
    return it->second;
  Intrinsic intrinsic;
  using Matcher = bool (*)(StringRef, Intrinsic &);
  for (Matcher match :
       {matchSynchronization, matchWarpOperation, matchAsyncCopy,
        matchMatrixOperation, matchWarpgroupMatrix, matchConversion}) {
    intrinsic = Intrinsic();
    intrinsic.name = name.str();
    if (!match(name, intrinsic))
      continue;
    intrinsics.push_back(intrinsic);
    return ids[name.str()] = intrinsics.size() - 1;
  }
  return -1;
}

const Intrinsic &getIntrinsic(int id) { return intrinsics[id]; }

/// The lanes that take part.
static uint32_t getMask(const Thread &thread) {
  int argument = thread.intrinsic->maskArgument;
  return argument < 0 ? ~0u : get<uint32_t>(thread.arguments[argument]);
}

/// Two threads of a group have met: they must execute the same operation.
static void checkSame(const Thread &thread, const Thread &other) {
  const Intrinsic &intrinsic = *thread.intrinsic;
  if (other.intrinsic != &intrinsic)
    block.fail(CUDA_ERROR_LAUNCH_FAILED, "divergent warp: the thread is at " +
                                             intrinsic.name + ", thread " +
                                             Twine(other.index) + " at " +
                                             other.intrinsic->name);
  if (getMask(thread) != getMask(other))
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               intrinsic.name + ": the thread has the lane mask 0x" +
                   utohexstr(getMask(thread)) + ", thread " +
                   Twine(other.index) + " has 0x" + utohexstr(getMask(other)));
  if (intrinsic.maskArgument < 0 && thread.site != other.site)
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               "divergent warp: the thread and thread " + Twine(other.index) +
                   " execute " + intrinsic.name +
                   " at different places of the code");
}

/// Whether all threads of the group of `thread` have arrived.
static bool isComplete(const Thread &thread) {
  const Intrinsic &intrinsic = *thread.intrinsic;
  std::vector<Thread> &threads = block.getThreads();
  uint32_t mask = getMask(thread);
  uint32_t first = thread.index / intrinsic.groupSize * intrinsic.groupSize;
  if (!(mask >> thread.lane & 1))
    block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
               intrinsic.name + ": the thread is not in its own lane mask");
  // Threads mostly arrive in ascending order: the last lanes tell soonest that
  // the group is not complete.
  for (uint32_t lane = intrinsic.groupSize; lane-- > 0;) {
    if (!(mask >> lane % kWarpSize & 1))
      continue;
    bool exists = first + lane < threads.size();
    // A full mask in a block with a partial last warp is common.
    if (!exists && intrinsic.maskArgument >= 0)
      continue;
    Thread *other = exists ? &threads[first + lane] : nullptr;
    if (!exists || other->state == ThreadState::Done)
      block.fail(CUDA_ERROR_LAUNCH_FAILED,
                 intrinsic.name + ": lane " + Twine(lane) + " of the group " +
                     (exists ? "has exited" : "does not exist"));
    if (other != &thread && other->state != ThreadState::AtCollective)
      return false;
  }
  return true;
}

/// The threads of a complete group.
static void collect(Thread &thread, Group &group) {
  const Intrinsic &intrinsic = *thread.intrinsic;
  std::vector<Thread> &threads = block.getThreads();
  uint32_t mask = getMask(thread);
  uint32_t first = thread.index / intrinsic.groupSize * intrinsic.groupSize;
  uint32_t size =
      std::min<uint32_t>(intrinsic.groupSize, threads.size() - first);
  for (uint32_t lane = 0; lane < size; ++lane) {
    if (!(mask >> lane % kWarpSize & 1))
      continue;
    group.lanes[lane] = &threads[first + lane];
    if (group.lanes[lane] != &thread)
      checkSame(thread, *group.lanes[lane]);
  }
}

void callIntrinsic(int id, uint32_t site, void *result, Slot *arguments) {
  const Intrinsic &intrinsic = intrinsics[id];
  Thread &thread = block.getCurrent();
  thread.site = site;
  if (intrinsic.perThread)
    return intrinsic.perThread(thread, arguments, result, intrinsic);
  thread.intrinsic = &intrinsic;
  thread.arguments = arguments;
  thread.result = result;
  if (!isComplete(thread))
    return block.wait(ThreadState::AtCollective);
  // The last to arrive works for all.
  Group group;
  collect(thread, group);
  intrinsic.perGroup(group, intrinsic);
  for (Thread *other : group.lanes)
    if (other)
      other->state = ThreadState::Ready;
}

//===----------------------------------------------------------------------===//
// Synchronization
//===----------------------------------------------------------------------===//

static void barrierAll(Thread &thread, Slot *arguments, void *,
                       const Intrinsic &) {
  block.arrive(get<uint32_t>(arguments[0]), 0, thread.site);
}

static void barrierCount(Thread &thread, Slot *arguments, void *,
                         const Intrinsic &) {
  block.arrive(get<uint32_t>(arguments[0]), get<uint32_t>(arguments[1]),
               thread.site);
}

namespace {
enum class Vote { Count, And, Or };
} // namespace

/// barrier.red: the last argument is a predicate. Parameters: what is asked,
/// whether there is a count of threads.
static void barrierReduce(Thread &thread, Slot *arguments, void *result,
                          const Intrinsic &intrinsic) {
  bool hasCount = intrinsic.parameters[1];
  uint32_t count = hasCount ? get<uint32_t>(arguments[1]) : 0;
  bool predicate = get<uint32_t>(arguments[hasCount ? 2 : 1]) & 1;
  uint32_t votes =
      block.arrive(get<uint32_t>(arguments[0]), count, thread.site, predicate);
  uint32_t all = count ? count : block.getThreads().size();
  switch (static_cast<Vote>(intrinsic.parameters[0])) {
  case Vote::Count:
    *static_cast<uint32_t *>(result) = votes;
    return;
  case Vote::And:
    *static_cast<uint8_t *>(result) = votes == all;
    return;
  case Vote::Or:
    *static_cast<uint8_t *>(result) = votes != 0;
    return;
  }
}

static bool matchBarrierReduce(StringRef name, Intrinsic &intrinsic) {
  auto [kind, variant] = name.split('.');
  int vote = StringSwitch<int>(kind)
                 .Case("popc", int(Vote::Count))
                 .Case("and", int(Vote::And))
                 .Case("or", int(Vote::Or))
                 .Default(-1);
  variant.consume_front("aligned.");
  if (vote < 0 || (variant != "all" && variant != "count"))
    return false;
  intrinsic.perThread = barrierReduce;
  intrinsic.parameters = {vote, variant == "count", 0, 0};
  return true;
}

static void fenceProxy(Thread &, Slot *, void *, const Intrinsic &) {
  monitor.fenceProxy();
}

static void doNothing(Thread &, Slot *, void *, const Intrinsic &) {}

bool matchSynchronization(StringRef name, Intrinsic &intrinsic) {
  if (!name.consume_front("llvm.nvvm."))
    return false;
  if (name.consume_front("barrier.cta.red."))
    return matchBarrierReduce(name, intrinsic);
  if (name == "barrier.cta.sync.aligned.all" || name == "barrier.cta.sync.all")
    intrinsic.perThread = barrierAll;
  else if (name == "barrier.cta.sync.aligned.count" ||
           name == "barrier.cta.sync.count")
    intrinsic.perThread = barrierCount;
  else if (name.starts_with("fence.proxy.async"))
    intrinsic.perThread = fenceProxy;
  else if (name.starts_with("membar.") || name.starts_with("fence."))
    intrinsic.perThread = doNothing;
  return intrinsic.perThread != nullptr;
}

} // namespace pdq::sim
