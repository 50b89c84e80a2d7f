// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of chips, and how many blocks fit.

#include "pdq/Plan/Analysis/ChipLimits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::pdq;

static constexpr int64_t kibibyte = 1024;

const ChipLimits &mlir::pdq::getChipLimits(StringRef chip) {
  static const ChipLimits common = {"",   84, 99 * kibibyte, 100 * kibibyte,
                                    1536, 16, false};
  static const ChipLimits chips[] = {
      {"sm_80", 108, 163 * kibibyte, 164 * kibibyte, 2048, 32, false},
      {"sm_86", 84, 99 * kibibyte, 100 * kibibyte, 1536, 16, false},
      {"sm_89", 128, 99 * kibibyte, 100 * kibibyte, 1536, 24, false},
      {"sm_90", 132, 227 * kibibyte, 228 * kibibyte, 2048, 32, false},
      {"sm_90a", 132, 227 * kibibyte, 228 * kibibyte, 2048, 32, true},
      {"sm_100", 148, 227 * kibibyte, 228 * kibibyte, 2048, 32, false},
      {"sm_120", 188, 99 * kibibyte, 100 * kibibyte, 1536, 24, false}};
  if (chip.empty())
    return chips[0];
  const auto *known = llvm::find_if(
      chips, [&](const ChipLimits &limits) { return limits.name == chip; });
  return known == std::end(chips) ? common : *known;
}

/// Each of the four parts of a multiprocessor has a quarter of the registers
/// and gives them to warps in units of 256; the system keeps 1 KiB of shared
/// memory for each block (CUDA programming guide, occupancy).
int64_t mlir::pdq::getBlocksPerMultiprocessor(const ChipLimits &chip,
                                              int64_t threads,
                                              int64_t registers,
                                              int64_t sharedBytes) {
  constexpr int64_t warp = 32, unit = 256, parts = 4, reserved = kibibyte;
  if (sharedBytes > chip.blockSharedBytes)
    return 0;
  int64_t warps = llvm::divideCeil(threads, warp);
  int64_t warpRegisters = llvm::alignTo(registers * warp, unit);
  int64_t residentWarps = ChipLimits::registers / parts / warpRegisters * parts;
  return std::min({chip.blocks, chip.threads / (warps * warp),
                   residentWarps / warps,
                   chip.sharedBytes / (sharedBytes + reserved)});
}
