// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory is one reserved range of the process that can be touched only
// while the device works: host code that dereferences a device pointer faults,
// as it would with a real device.

#ifndef PDQ_SIMULATED_GPU_DEVICEMEMORY_H
#define PDQ_SIMULATED_GPU_DEVICEMEMORY_H

#include "Status.h"
#include <map>
#include <string>

namespace pdq::sim {

/// The range begins with the shared memory of the running block; the alignment
/// makes the low bits of a shared address its offset, as descriptors of matrix
/// operands need it.
inline constexpr uint64_t kSharedWindow = 256 * 1024;
/// Validity is kept for granules of this many bytes: no access that is
/// naturally aligned crosses one.
inline constexpr uint64_t kGranule = 16;

struct Allocation {
  uint64_t begin = 0;
  uint64_t size = 0;
  bool isLive = false;
  /// Memory of the host that the device reads: none of the device's is used.
  bool isHost = false;
  uint64_t end() const { return begin + size; }
};

/// Allocations lie apart from each other and are not reused soon, so that
/// wrong addresses hit bytes that belong to nobody.
class DeviceMemory {
public:
  Status initialize();
  Status allocate(size_t size, uint64_t &address, bool isHost = false);
  Status free(uint64_t address);
  void freeAll();

  /// Whether the address is in the reserved range.
  bool contains(uint64_t address) const {
    return address >= base && address < limit;
  }
  /// The live allocation with this byte, or null.
  const Allocation *find(uint64_t address) const;
  /// The allocation, live or freed, that `address` is in or closest to.
  const Allocation *findNearest(uint64_t address) const;
  /// Whether [address, address + size) lies in one live allocation; the
  /// message calls the range `what`.
  Status checkRange(uint64_t address, uint64_t size,
                    const llvm::Twine &what) const;
  /// "4 bytes past the end of the 400-byte allocation at 0x...".
  std::string describe(uint64_t address) const;

  uint64_t getTotalBytes() const { return total; }
  uint64_t getUsedBytes() const { return used; }
  uint64_t getPeakBytes() const { return peak; }

  /// Work between `open` and `close` may touch device memory.
  void open();
  void close();

private:
  uint64_t reserve(uint64_t span);
  void markValid(uint64_t address, uint64_t size);
  void setProtection(int protection);

  uint64_t base = 0, next = 0, limit = 0;
  uint64_t used = 0, peak = 0, total = 0;
  unsigned openings = 0;
  std::map<uint64_t, Allocation> allocations;
};

/// Opens device memory for one scope.
class DeviceWork {
public:
  explicit DeviceWork(DeviceMemory &memory) : memory(memory) { memory.open(); }
  ~DeviceWork() { memory.close(); }
  DeviceWork(const DeviceWork &) = delete;
  DeviceWork &operator=(const DeviceWork &) = delete;

private:
  DeviceMemory &memory;
};

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_DEVICEMEMORY_H
