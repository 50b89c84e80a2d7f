// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looking up device operations, the rendezvous of a warp or warpgroup, and
// barriers.

#include "Intrinsics.h"
#include "Monitor.h"
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
  intrinsic.name = name.str();
  using Matcher = bool (*)(StringRef, Intrinsic &);
  for (Matcher match : {matchSynchronization}) {
    if (!match(name, intrinsic))
      continue;
    intrinsics.push_back(intrinsic);
    return ids[name.str()] = intrinsics.size() - 1;
  }
  return -1;
}

/// Collects the group of `thread`; false when one has not arrived yet.
static bool gather(Thread &thread, Group &group) {
  const Intrinsic &intrinsic = *thread.intrinsic;
  std::vector<Thread> &threads = block.getThreads();
  uint32_t mask = intrinsic.hasMask ? get<uint32_t>(thread.arguments[0]) : ~0u;
  uint32_t first = thread.index / intrinsic.groupSize * intrinsic.groupSize;
  if (intrinsic.hasMask && !(mask >> thread.lane & 1))
    block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
               intrinsic.name + ": the thread is not in its own lane mask");
  for (uint32_t lane = 0; lane < intrinsic.groupSize; ++lane) {
    if (!(mask >> lane % kWarpSize & 1))
      continue;
    bool exists = first + lane < threads.size();
    Thread *other = exists ? &threads[first + lane] : nullptr;
    if (!exists || other->state == ThreadState::Done) {
      // A full mask in a block with a partial last warp is common.
      if (intrinsic.hasMask && !exists)
        continue;
      block.fail(CUDA_ERROR_LAUNCH_FAILED,
                 intrinsic.name + ": lane " + Twine(lane) + " of the group " +
                     (exists ? "has exited" : "does not exist"));
    }
    group.lanes[lane] = other;
    if (other == &thread)
      continue;
    if (other->state != ThreadState::AtCollective)
      return false;
    if (other->intrinsic != &intrinsic)
      block.fail(CUDA_ERROR_LAUNCH_FAILED, "divergent warp: the thread is at " +
                                               intrinsic.name + ", thread " +
                                               Twine(other->index) + " at " +
                                               other->intrinsic->name);
  }
  return true;
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
  Group group;
  if (!gather(thread, group))
    return block.wait(ThreadState::AtCollective);
  // The last to arrive works for all.
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

static void fenceProxy(Thread &, Slot *, void *, const Intrinsic &) {
  monitor.fenceProxy();
}

static void doNothing(Thread &, Slot *, void *, const Intrinsic &) {}

bool matchSynchronization(StringRef name, Intrinsic &intrinsic) {
  if (!name.consume_front("llvm.nvvm."))
    return false;
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
