// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The number formats of matrix operands.

#ifndef PDQ_SIMULATED_GPU_NUMBERS_H
#define PDQ_SIMULATED_GPU_NUMBERS_H

#include <cmath>
#include <cstdint>
#include <cstring>

namespace pdq::sim {

enum class Operand : int { TF32, BF16, F16 };

inline float toFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

inline uint32_t toBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// The hardware ignores the low 13 bits.
inline float fromTF32(uint32_t bits) { return toFloat(bits & 0xffffe000u); }

inline float fromBF16(uint16_t bits) { return toFloat(uint32_t(bits) << 16); }

inline float fromF16(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16, rest = bits & 0x7fff;
  if (rest >= 0x7c00) // infinity and not a number
    return toFloat(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  if (rest >= 0x400)
    return toFloat(sign | ((rest << 13) + (112u << 23)));
  float value = std::ldexp(static_cast<float>(rest), -24);
  return sign ? -value : value;
}

inline float fromHalfWord(Operand type, uint16_t bits) {
  return type == Operand::BF16 ? fromBF16(bits) : fromF16(bits);
}

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_NUMBERS_H
