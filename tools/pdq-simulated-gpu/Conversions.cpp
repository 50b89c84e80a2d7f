// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between number formats that have no LLVM instruction.

#include "Intrinsics.h"
#include "Numbers.h"

using namespace llvm;

namespace pdq::sim {

/// Nearest number of 10 explicit bits: ties away from zero, or to even.
template <bool tiesToEven>
static void toTF32(Thread &, Slot *arguments, void *result, const Intrinsic &) {
  uint32_t bits = get<uint32_t>(arguments[0]);
  bool isFinite = (bits & 0x7f800000) != 0x7f800000;
  if (isFinite)
    bits += tiesToEven ? 0xfff + (bits >> 13 & 1) : 0x1000;
  *static_cast<uint32_t *>(result) = bits & 0xffffe000;
}

static uint16_t toBF16(float value) {
  uint32_t bits = toBits(value);
  if (value != value)
    return 0x7fff;
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void toOneBF16(Thread &, Slot *arguments, void *result,
                      const Intrinsic &) {
  *static_cast<uint16_t *>(result) = toBF16(get<float>(arguments[0]));
}

/// The first argument becomes the upper half.
static void toTwoBF16(Thread &, Slot *arguments, void *result,
                      const Intrinsic &) {
  auto *halves = static_cast<uint16_t *>(result);
  halves[0] = toBF16(get<float>(arguments[1]));
  halves[1] = toBF16(get<float>(arguments[0]));
}

bool matchConversion(StringRef name, Intrinsic &intrinsic) {
  if (!name.consume_front("llvm.nvvm."))
    return false;
  if (name == "f2tf32.rna")
    intrinsic.perThread = toTF32</*tiesToEven=*/false>;
  else if (name == "f2tf32.rn")
    intrinsic.perThread = toTF32</*tiesToEven=*/true>;
  else if (name == "f2bf16.rn")
    intrinsic.perThread = toOneBF16;
  else if (name == "ff2bf16x2.rn")
    intrinsic.perThread = toTwoBF16;
  return intrinsic.perThread != nullptr;
}

} // namespace pdq::sim
