// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the calibration set lies.

#include "pdq/Calibration/Data/CacheMemory.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::pdq;

/// What stays free without a budget: weights and optimizer state, constants,
/// code, copies of samples, and a sixteenth for what the driver needs.
static uint64_t getMargin(uint64_t free) {
  return std::min<uint64_t>(free, (uint64_t(512) << 20) + free / 16);
}

CacheMemory::CacheMemory(Executor &executor, std::optional<uint64_t> wanted,
                         Location loc)
    : executor(executor), loc(loc) {
  std::optional<size_t> free = executor.getFreeBytes();
  if (!free) {
    if (wanted)
      emitRemark(loc) << "memory-budget has no effect: programs run in the "
                         "host's memory";
    return;
  }
  budget = wanted ? *wanted : *free - getMargin(*free);
}

uint64_t CacheMemory::sumResidents() {
  llvm::erase_if(residents, [](const Resident &resident) {
    return resident.buffer.expired();
  });
  uint64_t sum = 0;
  for (const Resident &resident : residents)
    sum += resident.bytes;
  return sum;
}

void CacheMemory::remark() {
  if (remarked)
    return;
  remarked = true;
  emitRemark(loc) << "samples are streamed from the host's memory: they do not "
                     "fit into the "
                  << *budget << " bytes of memory-budget, of which programs "
                  << "need " << programBytes;
}

BufferRef CacheMemory::allocate(ArrayRef<int64_t> shape, ElementType type) {
  uint64_t bytes = getByteSize(type);
  for (int64_t size : shape)
    bytes *= size;
  if (!budget)
    return executor.allocate(shape, type);
  uint64_t used = programBytes + sumResidents();
  if (used > *budget || bytes > *budget - used) {
    remark();
    return executor.allocateOnHost(shape, type);
  }
  BufferRef buffer = executor.allocate(shape, type);
  residents.push_back({buffer, bytes});
  return buffer;
}

LogicalResult CacheMemory::reserve(const Executable &program,
                                   ArrayRef<StringRef> functions,
                                   const Twine &what) {
  if (!budget)
    return success();
  for (StringRef function : functions)
    programBytes =
        std::max<uint64_t>(programBytes, program.getArenaBytes(function));
  if (programBytes > *budget)
    return emitError(loc) << "memory-budget is " << *budget << " bytes, but "
                          << what.str() << " needs " << programBytes
                          << " at a time; lower 'batch' or give more";
  // The oldest first: they are dropped soonest too, so little is moved.
  uint64_t used = sumResidents();
  while (used > *budget - programBytes) {
    remark();
    residents.front().buffer.lock()->moveToHost();
    used -= residents.front().bytes;
    residents.erase(residents.begin());
  }
  return success();
}
