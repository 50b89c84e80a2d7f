// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Watches every access of device code to shared and global memory: it must lie
// in an allocation, be aligned, and not race with another thread.
//
// A shadow cell a 4-byte word holds the last plain write and the last reads.
// Time is a counter that every barrier, warp barrier and begin of a block
// advances; two accesses of different threads are ordered when a barrier of
// both lies between them. Threads of different blocks are never ordered within
// a launch; a new launch is ordered after the previous one.
//
// Two things that warps do are no race: a store after a shuffle that the reader
// of the old value took part in, and stores of the same value by lanes of one
// warp. The reduction that upstream MLIR emits for a block needs both.

#ifndef PDQ_SIMULATED_GPU_MONITOR_H
#define PDQ_SIMULATED_GPU_MONITOR_H

#include "Chip.h"
#include "DeviceMemory.h"
#include <array>
#include <string>
#include <vector>

namespace pdq::sim {

/// One record of an access: time (32 bits), flags, byte mask in the word (4
/// bits), thread of its block (10 bits). Zero is older than everything.
using Record = uint64_t;

struct Cell {
  Record write = 0;
  Record read = 0;
};

enum class Access : uint8_t { Load, Store, Atomic };

class Monitor {
public:
  void attach(uint64_t base, uint64_t size, uint8_t *valid, Cell *cells);

  uint8_t *getValidity(uint64_t address) {
    return valid + (address - base) / kGranule;
  }
  uint64_t getBase() const { return base; }
  char *getShared() const { return reinterpret_cast<char *>(base); }
  bool isShared(uint64_t address) const {
    return address - base < kSharedWindow;
  }

  /// Order of events.
  void beginLaunch();
  void beginBlock(uint64_t block);
  void barrier() { barrierTime = advance(); }
  /// A barrier that only these warps take part in.
  void barrierOfWarps(const std::vector<uint32_t> &warps);
  /// These lanes of a warp have met at a barrier of the warp, or have exchanged
  /// values: none of them still loads what was there before.
  void barrierOfLanes(uint32_t warp, uint32_t lanes) {
    meet(warpBarriers, warp, lanes);
  }
  void exchange(uint32_t warp, uint32_t lanes) { meet(exchanges, warp, lanes); }
  void setThread(uint32_t index) { thread = index; }
  /// Plain writes of the running thread until now are seen by the async proxy.
  void fenceProxy() { proxyFence[thread] = advance(); }

  /// Called for each access; does not return when it is wrong.
  template <Access kind>
  void check(uint64_t address, unsigned size, unsigned alignment);
  /// A store whose value is known.
  void checkStore(uint64_t address, unsigned size, unsigned alignment,
                  uint64_t value);
  /// A copy into shared memory that lands later: from now to its landing nobody
  /// may touch the destination.
  void beginCopy(uint64_t address, unsigned size);
  void endCopy(uint64_t address, unsigned size);
  /// A read of 16 bytes of shared memory by the async proxy, for the warpgroup
  /// of the running thread: nobody may write there before its end.
  void beginProxyRead(uint64_t address);
  void endProxyRead(uint64_t address);

private:
  /// The last time that a thread met lanes of its warp, and which.
  struct Meeting {
    uint32_t time = 0, lanes = 0;
  };
  using Meetings = std::array<Meeting, kMaxThreadsPerBlock>;
  uint32_t advance() { return ++now; }
  void meet(Meetings &meetings, uint32_t warp, uint32_t lanes);
  bool haveMet(const Meetings &meetings, Record record) const;
  bool isOrdered(Record record) const;
  bool conflicts(Record record, uint32_t start, unsigned mask) const;
  bool readConflicts(Record record, uint32_t start, unsigned mask) const;
  bool writesSame(Record write, uint64_t address, unsigned mask) const;
  void noteRead(Cell &cell, uint32_t start, unsigned mask, bool isAtomic);
  template <Access kind>
  void checkWord(Cell &cell, uint32_t start, unsigned mask, uint64_t address);
  void checkBounds(uint64_t offset, unsigned size, Access kind);
  void checkProxyReads(uint64_t offset, unsigned bytes, Access kind);
  void checkElsewhere(uint64_t address, unsigned size, Access kind);
  [[noreturn]] void reportRace(uint64_t address, Access kind, Record other,
                               bool otherIsWrite);
  std::string describeThread(Record record) const;

  uint64_t base = 0, size = 0;
  uint8_t *valid = nullptr;
  Cell *cells = nullptr;
  uint32_t now = 1, launchStart = 1, blockStart = 1, barrierTime = 1;
  uint32_t thread = 0;
  /// Last barrier of each two warps that was not one of the whole block.
  uint32_t pairTime[32][32] = {};
  Meetings warpBarriers, exchanges;
  /// The bytes of the store under check, or null when they are not known.
  const void *storedValue = nullptr;
  uint64_t storedAddress = 0;
  uint32_t proxyFence[kMaxThreadsPerBlock] = {};
  /// Reads by the async proxy under way, of each granule of shared memory.
  uint16_t proxyReads[kSharedWindow / kGranule] = {};
  bool hasProxyReads = false;
  /// Begin and linear index of each block of this launch.
  std::vector<std::pair<uint32_t, uint64_t>> blocks;
};

extern Monitor monitor;

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_MONITOR_H
