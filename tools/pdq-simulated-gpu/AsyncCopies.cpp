// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cp.async: copies from global to shared memory that land when their group is
// waited for.

#include "Intrinsics.h"
#include "Monitor.h"
#include <cstring>

using namespace llvm;

namespace pdq::sim {

/// Arguments: destination, source, and with parameter 1 the bytes to copy; the
/// rest of the parameter 0 bytes becomes zero.
static void issue(Thread &thread, Slot *arguments, void *,
                  const Intrinsic &intrinsic) {
  uint32_t bytes = intrinsic.parameters[0];
  AsyncCopy copy = {
      get<uint64_t>(arguments[0]), get<uint64_t>(arguments[1]), bytes,
      intrinsic.parameters[1] ? get<uint32_t>(arguments[2]) : bytes};
  if (copy.validBytes > bytes)
    block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION, "cp.async of " + Twine(bytes) +
                                                   " bytes should copy " +
                                                   Twine(copy.validBytes));
  if (!monitor.isShared(copy.destination))
    block.fail(CUDA_ERROR_ILLEGAL_ADDRESS,
               "the destination of cp.async is not in shared memory: " +
                   block.describe(copy.destination));
  if (copy.validBytes != 0 && copy.source % bytes != 0)
    block.fail(CUDA_ERROR_MISALIGNED_ADDRESS,
               "the source of cp.async is not a multiple of " + Twine(bytes) +
                   ": " + block.describe(copy.source));
  if (copy.validBytes != 0)
    monitor.check<Access::Load>(copy.source, copy.validBytes, 1);
  monitor.beginCopy(copy.destination, bytes);
  thread.openCopies.push_back(copy);
}

static void commit(Thread &thread, Slot *, void *, const Intrinsic &) {
  thread.copyGroups.push_back(std::move(thread.openCopies));
  thread.openCopies.clear();
}

static void land(const AsyncCopy &copy) {
  char *destination = reinterpret_cast<char *>(copy.destination);
  memcpy(destination, reinterpret_cast<const void *>(copy.source),
         copy.validBytes);
  memset(destination + copy.validBytes, 0, copy.bytes - copy.validBytes);
  monitor.endCopy(copy.destination, copy.bytes);
}

/// Lands all groups but the last `keep`.
static void waitUntil(Thread &thread, size_t keep) {
  if (thread.copyGroups.size() <= keep)
    return;
  auto end = thread.copyGroups.end() - keep;
  for (auto it = thread.copyGroups.begin(); it != end; ++it)
    for (const AsyncCopy &copy : *it)
      land(copy);
  thread.copyGroups.erase(thread.copyGroups.begin(), end);
}

static void waitGroup(Thread &thread, Slot *arguments, void *,
                      const Intrinsic &) {
  waitUntil(thread, get<uint32_t>(arguments[0]));
}

static void waitAll(Thread &thread, Slot *arguments, void *result,
                    const Intrinsic &intrinsic) {
  commit(thread, arguments, result, intrinsic);
  waitUntil(thread, 0);
}

bool matchAsyncCopy(StringRef name, Intrinsic &intrinsic) {
  if (!name.consume_front("llvm.nvvm.cp.async."))
    return false;
  if (name == "commit.group")
    intrinsic.perThread = commit;
  else if (name == "wait.group")
    intrinsic.perThread = waitGroup;
  else if (name == "wait.all")
    intrinsic.perThread = waitAll;
  if (intrinsic.perThread)
    return true;
  if (!name.consume_front("ca.shared.global.") &&
      !name.consume_front("cg.shared.global."))
    return false;
  intrinsic.perThread = issue;
  intrinsic.parameters[1] = name.consume_back(".s");
  return !name.getAsInteger(10, intrinsic.parameters[0]);
}

} // namespace pdq::sim
