// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounds, alignment and races of device memory accesses.

#include "Monitor.h"
#include "Block.h"
#include "Context.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace llvm;

namespace pdq::sim {

Monitor monitor;

namespace {
constexpr uint32_t kThreadMask = 0x3ff;
constexpr unsigned kMaskShift = 10;
/// A copy into the word is under way.
constexpr Record kPending = 1u << 14;
/// More than one thread (of one warp, of several warps) read the word since
/// they were ordered last.
constexpr Record kManyThreads = 1u << 15;
constexpr Record kManyWarps = 1u << 16;
/// A block other than the recorded one read the word in this launch.
constexpr Record kOtherBlock = 1u << 17;
constexpr Record kAtomic = 1u << 18;
/// All threads of the warpgroup have waited for the read.
constexpr Record kWholeWarpgroup = 1u << 19;
constexpr unsigned kWarpgroupSize = 128;

uint32_t getTime(Record record) { return record >> 32; }
uint32_t getThread(Record record) { return record & kThreadMask; }
unsigned getMask(Record record) { return record >> kMaskShift & 0xf; }

Record makeRecord(uint32_t time, uint32_t thread, unsigned mask) {
  return Record(time) << 32 | mask << kMaskShift | thread;
}

const char *getName(Access kind) {
  switch (kind) {
  case Access::Load:
    return "load";
  case Access::Store:
    return "store";
  case Access::Atomic:
    return "atomic operation";
  }
  return "";
}
} // namespace

void Monitor::attach(uint64_t base, uint64_t size, uint8_t *valid,
                     Cell *cells) {
  this->base = base;
  this->size = size;
  this->valid = valid;
  this->cells = cells;
}

void Monitor::beginLaunch() {
  // Times must not wrap; forgetting all records is right between launches.
  if (now > 1u << 31) {
    madvise(cells, size / 4 * sizeof(Cell), MADV_DONTNEED);
    memset(pairTime, 0, sizeof(pairTime));
    warpBarriers.fill({});
    exchanges.fill({});
    memset(proxyFence, 0, sizeof(proxyFence));
    now = 1;
  }
  launchStart = advance();
  blocks.clear();
  storedValue = nullptr;
}

void Monitor::beginBlock(uint64_t block) {
  blockStart = barrierTime = advance();
  blocks.emplace_back(blockStart, block);
  if (hasProxyReads)
    memset(proxyReads, 0, sizeof(proxyReads));
  hasProxyReads = false;
}

void Monitor::barrierOfWarps(const std::vector<uint32_t> &warps) {
  uint32_t time = advance();
  for (uint32_t a : warps)
    for (uint32_t b : warps)
      pairTime[a][b] = time;
}

void Monitor::meet(Meetings &meetings, uint32_t warp, uint32_t lanes) {
  uint32_t time = advance();
  for (uint32_t lane = 0; lane < kWarpSize; ++lane)
    if (lanes >> lane & 1)
      meetings[warp * kWarpSize + lane] = {time, lanes};
}

/// Whether the running thread has met the recorded one, of its warp, since; for
/// a record of many lanes, whether it has met all.
bool Monitor::haveMet(const Meetings &meetings, Record record) const {
  const Meeting &meeting = meetings[thread];
  uint32_t other = getThread(record);
  if (other / kWarpSize != thread / kWarpSize ||
      getTime(record) >= meeting.time)
    return false;
  return record & kManyThreads ? meeting.lanes == ~0u
                               : meeting.lanes >> other % kWarpSize & 1;
}

/// Whether a barrier lies between the record, of this block, and the running
/// thread.
bool Monitor::isOrdered(Record record) const {
  uint32_t other = getThread(record), time = getTime(record);
  return time < barrierTime || other == thread ||
         time < pairTime[other / kWarpSize][thread / kWarpSize] ||
         haveMet(warpBarriers, record);
}

bool Monitor::conflicts(Record record, uint32_t start, unsigned mask) const {
  uint32_t time = getTime(record);
  if (time < start || !(getMask(record) & mask))
    return false;
  return time < blockStart || (record & kPending) || !isOrdered(record);
}

bool Monitor::readConflicts(Record record, uint32_t start,
                            unsigned mask) const {
  uint32_t time = getTime(record);
  if (time < start || !(getMask(record) & mask))
    return false;
  if (time < blockStart || (record & kOtherBlock))
    return true;
  if (time < barrierTime)
    return false;
  uint32_t other = getThread(record) / kWarpSize, mine = thread / kWarpSize;
  if (record & kManyWarps)
    return true;
  if (haveMet(exchanges, record) || haveMet(warpBarriers, record))
    return false;
  if (record & kWholeWarpgroup)
    return getThread(record) / kWarpgroupSize != thread / kWarpgroupSize &&
           time >= pairTime[other][mine];
  if (record & kManyThreads)
    return time >= pairTime[other][mine];
  return !isOrdered(record);
}

/// Whether the store under check leaves the word, which a lane of the same warp
/// wrote, as it is.
bool Monitor::writesSame(Record write, uint64_t address, unsigned mask) const {
  if (!storedValue || (write & kPending) || getTime(write) < blockStart ||
      getThread(write) / kWarpSize != thread / kWarpSize)
    return false;
  unsigned count = llvm::popcount(mask);
  const char *bytes = static_cast<const char *>(storedValue);
  return !memcmp(reinterpret_cast<const void *>(address),
                 bytes + (address - storedAddress), count);
}

/// Merges a read into the record of reads. Whoever reads other bytes of the
/// word replaces the record, so that neighbors in one word are no race.
void Monitor::noteRead(Cell &cell, uint32_t start, unsigned mask,
                       bool isAtomic) {
  Record old = cell.read;
  Record record = makeRecord(now, thread, mask) | (isAtomic ? kAtomic : 0);
  uint32_t time = getTime(old);
  if (time >= start && (getMask(old) & mask)) {
    record |= old & kOtherBlock;
    if (time < blockStart) {
      record |= kOtherBlock;
    } else if (time >= barrierTime) {
      if (getThread(old) == thread) {
        record |= old & (kManyThreads | kManyWarps);
      } else if (!isOrdered(old) &&
                 !((old & kWholeWarpgroup) && getThread(old) / kWarpgroupSize ==
                                                  thread / kWarpgroupSize)) {
        bool isSameWarp = getThread(old) / kWarpSize == thread / kWarpSize;
        record |= kManyThreads | (old & kManyWarps);
        if (!isSameWarp)
          record |= kManyWarps;
        record &= ~(Record(0xf) << kMaskShift);
        record |= Record(getMask(old) & mask) << kMaskShift;
      }
    }
  }
  cell.read = record;
}

template <Access kind>
void Monitor::checkWord(Cell &cell, uint32_t start, unsigned mask,
                        uint64_t address) {
  if (conflicts(cell.write, start, mask) &&
      !(kind == Access::Store && writesSame(cell.write, address, mask)))
    reportRace(address, kind, cell.write, /*otherIsWrite=*/true);
  if (kind == Access::Store) {
    if (readConflicts(cell.read, start, mask))
      reportRace(address, kind, cell.read, /*otherIsWrite=*/false);
    cell.write = makeRecord(now, thread, mask);
    return;
  }
  // The thread often read the word just before, alone.
  Record record = makeRecord(now, thread, mask);
  if (kind == Access::Atomic || cell.read != record)
    noteRead(cell, start, mask, kind == Access::Atomic);
}

template <Access kind>
void Monitor::check(uint64_t address, unsigned bytes, unsigned alignment) {
  uint64_t offset = address - base;
  if (offset >= size)
    return checkElsewhere(address, bytes, kind);
  if (address & (alignment - 1))
    block.fail(CUDA_ERROR_MISALIGNED_ADDRESS,
               Twine(getName(kind)) + " of " + Twine(bytes) +
                   " bytes at an address that is not a multiple of " +
                   Twine(alignment) + ": " + block.describe(address));
  // Mostly the access lies in one granule.
  if (valid[offset / kGranule] < offset % kGranule + bytes)
    checkBounds(offset, bytes, kind);
  if (kind != Access::Load && hasProxyReads)
    checkProxyReads(offset, bytes, kind);
  uint32_t start = offset < kSharedWindow ? blockStart : launchStart;
  Cell *cell = cells + offset / 4;
  unsigned first = offset % 4;
  if (first == 0 && bytes % 4 == 0) {
    for (unsigned i = 0; i < bytes; i += 4)
      checkWord<kind>(*cell++, start, 0xf, address + i);
    return;
  }
  for (unsigned done = 0; done < bytes; ++cell) {
    unsigned count = std::min(4 - first, bytes - done);
    checkWord<kind>(*cell, start, ((1u << count) - 1) << first, address + done);
    done += count;
    first = 0;
  }
}
template void Monitor::check<Access::Load>(uint64_t, unsigned, unsigned);
template void Monitor::check<Access::Store>(uint64_t, unsigned, unsigned);
template void Monitor::check<Access::Atomic>(uint64_t, unsigned, unsigned);

void Monitor::checkStore(uint64_t address, unsigned bytes, unsigned alignment,
                         uint64_t value) {
  storedValue = &value;
  storedAddress = address;
  check<Access::Store>(address, bytes, alignment);
  storedValue = nullptr;
}

void Monitor::checkBounds(uint64_t offset, unsigned bytes, Access kind) {
  uint64_t end = offset + bytes;
  for (uint64_t at = offset; at < end;) {
    uint64_t inGranule = at % kGranule;
    uint64_t count = std::min(kGranule - inGranule, end - at);
    if (valid[at / kGranule] < inGranule + count)
      block.fail(CUDA_ERROR_ILLEGAL_ADDRESS,
                 Twine(getName(kind)) + " of " + Twine(bytes) +
                     " bytes outside of every allocation: " +
                     block.describe(base + offset));
    at += count;
  }
}

void Monitor::checkProxyReads(uint64_t offset, unsigned bytes, Access kind) {
  if (offset >= kSharedWindow)
    return;
  for (uint64_t at = offset; at < offset + bytes; at += 4)
    if (proxyReads[at / kGranule])
      block.fail(CUDA_ERROR_LAUNCH_FAILED,
                 Twine(getName(kind)) +
                     " of shared memory that a wgmma still reads (no "
                     "wgmma.wait_group for it yet): " +
                     block.describe(base + at));
}

/// Memory that is no device memory: the thread's own stack and the constants
/// of the module.
void Monitor::checkElsewhere(uint64_t address, unsigned bytes, Access kind) {
  if (block.isPrivate(address, bytes))
    return;
  block.fail(CUDA_ERROR_ILLEGAL_ADDRESS,
             Twine(getName(kind)) + " of " + Twine(bytes) + " bytes at 0x" +
                 Twine(utohexstr(address)) + ", outside of device memory");
}

void Monitor::beginCopy(uint64_t address, unsigned bytes) {
  check<Access::Store>(address, bytes, bytes);
  Cell *cell = cells + (address - base) / 4;
  for (unsigned i = 0; i < bytes; i += 4)
    (cell++)->write |= kPending;
}

void Monitor::endCopy(uint64_t address, unsigned bytes) {
  Cell *cell = cells + (address - base) / 4;
  for (unsigned i = 0; i < bytes; i += 4)
    (cell++)->write = makeRecord(now, thread, 0xf);
}

void Monitor::beginProxyRead(uint64_t address) {
  uint64_t offset = address - base;
  if (!isShared(address) || address % kGranule)
    block.fail(CUDA_ERROR_ILLEGAL_ADDRESS,
               "a matrix operand lies outside of shared memory");
  checkBounds(offset, kGranule, Access::Load);
  Cell *cell = cells + offset / 4;
  for (unsigned i = 0; i < kGranule; i += 4, ++cell) {
    Record write = cell->write;
    if (conflicts(write, blockStart, 0xf))
      reportRace(address + i, Access::Load, write, /*otherIsWrite=*/true);
    if (getTime(write) >= blockStart &&
        getTime(write) >= proxyFence[getThread(write)])
      block.fail(CUDA_ERROR_LAUNCH_FAILED,
                 "a matrix operand is read through the async proxy, but " +
                     describeThread(write) +
                     " wrote it without a later fence.proxy.async: " +
                     block.describe(address + i));
  }
  ++proxyReads[offset / kGranule];
  hasProxyReads = true;
}

void Monitor::endProxyRead(uint64_t address) {
  --proxyReads[(address - base) / kGranule];
  Cell *cell = cells + (address - base) / 4;
  for (unsigned i = 0; i < kGranule; i += 4, ++cell) {
    Record old = cell->read;
    bool isOther = getTime(old) >= barrierTime &&
                   getThread(old) / kWarpgroupSize != thread / kWarpgroupSize;
    cell->read = makeRecord(now, thread, 0xf) | kWholeWarpgroup |
                 (isOther ? kManyWarps : 0);
  }
}

std::string Monitor::describeThread(Record record) const {
  auto it = std::upper_bound(
      blocks.begin(), blocks.end(),
      std::make_pair(getTime(record), std::numeric_limits<uint64_t>::max()));
  uint64_t index = it == blocks.begin() ? 0 : std::prev(it)->second;
  return block.describeThread(index, getThread(record));
}

void Monitor::reportRace(uint64_t address, Access kind, Record other,
                         bool otherIsWrite) {
  bool isShared = this->isShared(address);
  if (other & kPending)
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               Twine(getName(kind)) + " of shared memory that a cp.async of " +
                   describeThread(other) +
                   " is still writing (no wait for it yet): " +
                   block.describe(address));
  bool isOtherBlock = getTime(other) < blockStart;
  const char *order = isOtherBlock ? "blocks of one launch are not ordered"
                                   : "no barrier of both threads lies between";
  const char *what = otherIsWrite      ? "store"
                     : other & kAtomic ? "atomic operation"
                                       : "load";
  std::string who = describeThread(other);
  if (!otherIsWrite && (other & (kManyThreads | kManyWarps | kOtherBlock)))
    who += " and others";
  block.fail(CUDA_ERROR_LAUNCH_FAILED,
             Twine("data race in ") + (isShared ? "shared" : "global") +
                 " memory: this " + getName(kind) + " and an earlier " + what +
                 " by " + who + ", " + order + ": " + block.describe(address));
}

} // namespace pdq::sim
