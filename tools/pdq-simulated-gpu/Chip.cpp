// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The chips that can be simulated.

#include "Chip.h"

namespace pdq::sim {

static constexpr unsigned kKiB = 1024;

static const Chip kChips[] = {
    {"sm_80", 8, 0, 163 * kKiB, 164 * kKiB, 2048, 32, 108},
    {"sm_86", 8, 6, 99 * kKiB, 100 * kKiB, 1536, 16, 84},
    {"sm_89", 8, 9, 99 * kKiB, 100 * kKiB, 1536, 24, 128},
    {"sm_90", 9, 0, 227 * kKiB, 228 * kKiB, 2048, 32, 132},
    {"sm_100", 10, 0, 227 * kKiB, 228 * kKiB, 2048, 32, 148},
    {"sm_120", 12, 0, 99 * kKiB, 100 * kKiB, 1536, 24, 188},
};

Status findChip(llvm::StringRef name, const Chip *&chip) {
  llvm::StringRef base = name;
  base.consume_back("a");
  std::string known;
  for (const Chip &candidate : kChips) {
    if (base == candidate.name) {
      chip = &candidate;
      return Status::success();
    }
    known += std::string(known.empty() ? "" : ", ") + candidate.name;
  }
  return Status::error(CUDA_ERROR_NO_DEVICE, "PDQ_SIM_CHIP is '" + name +
                                                 "', known chips are " + known);
}

} // namespace pdq::sim
