// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reserving, handing out and guarding of device memory.

#include "DeviceMemory.h"
#include "Monitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace llvm;

namespace pdq::sim {

static constexpr uint64_t kPage = 4096;
/// Bytes between two allocations that belong to nobody.
static constexpr uint64_t kGap = 64 * 1024;
/// Device memory that can be live at a time.
static constexpr uint64_t kCapacity = 16ull << 30;
/// Allocations begin here in their page: 256-byte aligned, as CUDA promises,
/// and no more.
static constexpr uint64_t kOffsetInPage = 256;

static void *mapRange(uint64_t size, int protection) {
  void *range = mmap(nullptr, size, protection,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return range == MAP_FAILED ? nullptr : range;
}

Status DeviceMemory::initialize() {
  for (uint64_t size = 64ull << 30; size >= 256ull << 20; size /= 2) {
    void *range = mapRange(size + kSharedWindow, PROT_NONE);
    void *valid = mapRange(size / kGranule, PROT_READ | PROT_WRITE);
    void *cells = mapRange(size / 4 * sizeof(Cell), PROT_READ | PROT_WRITE);
    if (range && valid && cells) {
      base = alignTo(reinterpret_cast<uint64_t>(range), kSharedWindow);
      limit = base + size;
      next = base + kSharedWindow;
      total = std::min(kCapacity, size - kSharedWindow);
      monitor.attach(base, size, static_cast<uint8_t *>(valid),
                     static_cast<Cell *>(cells));
      return Status::success();
    }
    if (range)
      munmap(range, size + kSharedWindow);
    if (valid)
      munmap(valid, size / kGranule);
    if (cells)
      munmap(cells, size / 4 * sizeof(Cell));
  }
  return Status::error(CUDA_ERROR_OUT_OF_MEMORY,
                       "no address range of 256 MiB could be reserved");
}

/// A span of the range that is not in use: fresh as long as there is some, then
/// the gaps that freed allocations leave. Null when there is none.
uint64_t DeviceMemory::reserve(uint64_t span) {
  if (span <= limit - next) {
    uint64_t begin = next;
    next += span;
    return begin;
  }
  uint64_t begin = base + kSharedWindow;
  for (auto it = allocations.begin(); it != allocations.end(); ++it) {
    if (!it->second.isLive)
      continue;
    if (it->first - begin >= span)
      break;
    begin = alignTo(it->second.end() + kGap, kPage);
  }
  if (begin > limit || limit - begin < span)
    return 0;
  auto last = allocations.lower_bound(begin + span);
  allocations.erase(allocations.lower_bound(begin), last);
  return begin;
}

void DeviceMemory::markValid(uint64_t address, uint64_t size) {
  uint8_t *valid = monitor.getValidity(address);
  memset(valid, kGranule, size / kGranule);
  if (size % kGranule)
    valid[size / kGranule] = size % kGranule;
}

Status DeviceMemory::allocate(size_t size, uint64_t &address, bool isHost) {
  if (size == 0)
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         "an allocation must have at least one byte");
  if (!isHost && (size > total || used > total - size))
    return Status::error(CUDA_ERROR_OUT_OF_MEMORY,
                         Twine(size) + " bytes asked for, " +
                             Twine(total - used) + " of " + Twine(total) +
                             " are free");
  uint64_t begin = reserve(alignTo(kOffsetInPage + size + kGap, kPage));
  if (!begin)
    return Status::error(CUDA_ERROR_OUT_OF_MEMORY,
                         "no free range of " + Twine(size) + " bytes is left");
  address = begin + kOffsetInPage;
  allocations[address] = {address, size, true, isHost};
  markValid(address, size);
  used += isHost ? 0 : size;
  peak = std::max(peak, used);
  DeviceWork work(*this);
  // What is read before it is written is not a number.
  memset(reinterpret_cast<void *>(address), 0xff, size);
  return Status::success();
}

Status DeviceMemory::free(uint64_t address) {
  auto it = allocations.find(address);
  if (it == allocations.end())
    return Status::error(
        CUDA_ERROR_INVALID_VALUE,
        "0x" + Twine(utohexstr(address)) +
            " is not the begin of an allocation: " + describe(address));
  Allocation &allocation = it->second;
  if (!allocation.isLive)
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         "the allocation of " + Twine(allocation.size) +
                             " bytes at 0x" + Twine(utohexstr(address)) +
                             " was freed before");
  allocation.isLive = false;
  used -= allocation.isHost ? 0 : allocation.size;
  memset(monitor.getValidity(address), 0,
         divideCeil(allocation.size, kGranule));
  uint64_t begin = address - kOffsetInPage;
  madvise(reinterpret_cast<void *>(begin),
          alignTo(kOffsetInPage + allocation.size, kPage), MADV_DONTNEED);
  return Status::success();
}

void DeviceMemory::freeAll() {
  for (auto &entry : allocations)
    if (entry.second.isLive)
      (void)free(entry.first).failed();
  peak = 0;
}

const Allocation *DeviceMemory::findNearest(uint64_t address) const {
  auto it = allocations.upper_bound(address);
  const Allocation *after = it == allocations.end() ? nullptr : &it->second;
  if (it == allocations.begin())
    return after;
  const Allocation *before = &std::prev(it)->second;
  if (address < before->end() || !after)
    return before;
  return address - before->end() <= after->begin - address ? before : after;
}

const Allocation *DeviceMemory::find(uint64_t address) const {
  const Allocation *nearest = findNearest(address);
  bool isInside = nearest && nearest->isLive && address >= nearest->begin &&
                  address < nearest->end();
  return isInside ? nearest : nullptr;
}

Status DeviceMemory::checkRange(uint64_t address, uint64_t size,
                                const Twine &what) const {
  const Allocation *allocation = find(address);
  if (allocation && size <= allocation->end() - address)
    return Status::success();
  if (!allocation)
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         what + " is not device memory: 0x" +
                             Twine(utohexstr(address)) + " is " +
                             describe(address));
  return Status::error(CUDA_ERROR_INVALID_VALUE,
                       what + " has " + Twine(size) + " bytes, but only " +
                           Twine(allocation->end() - address) +
                           " are left in the allocation of " +
                           Twine(allocation->size) + " bytes");
}

std::string DeviceMemory::describe(uint64_t address) const {
  if (address < base + kSharedWindow || address >= limit)
    return "outside of device memory";
  const Allocation *nearest = findNearest(address);
  if (!nearest)
    return "in device memory, but nothing is allocated";
  std::string text;
  if (address < nearest->begin)
    text = utostr(nearest->begin - address) + " bytes before the begin of";
  else if (address >= nearest->end())
    text = utostr(address - nearest->end()) + " bytes past the end of";
  else
    text = "byte " + utostr(address - nearest->begin) + " of";
  return text + " the " + (nearest->isLive ? "" : "freed ") + "allocation of " +
         utostr(nearest->size) + " bytes at 0x" + utohexstr(nearest->begin);
}

void DeviceMemory::setProtection(int protection) {
  mprotect(reinterpret_cast<void *>(base), next - base, protection);
}

void DeviceMemory::open() {
  if (openings++ == 0)
    setProtection(PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  if (--openings == 0)
    setProtection(PROT_NONE);
}

} // namespace pdq::sim
