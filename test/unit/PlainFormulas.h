// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas of docs/Math.md in plain C++, for tests to compare with.

#ifndef PDQ_TEST_UNIT_PLAINFORMULAS_H
#define PDQ_TEST_UNIT_PLAINFORMULAS_H

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mlir::pdq {

/// round_1
inline double rectify(double a) {
  return std::clamp(1.2 / (1 + std::exp(-a)) - 0.1, 0.0, 1.0);
}

inline uint32_t mix(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

/// random_1: the hash of element i.
inline uint32_t draw(uint64_t seed, uint64_t stream, uint64_t step,
                     uint32_t i) {
  uint32_t k = mix(uint32_t(seed) + 0x9e3779b9u);
  k = mix(k ^ uint32_t(seed >> 32));
  k = mix(k + uint32_t(stream));
  uint32_t k1 = mix(k ^ uint32_t(step));
  uint32_t k2 = mix(k1 + uint32_t(step >> 32) + 0x85ebca6bu);
  return mix(mix(i ^ k1) + k2);
}

} // namespace mlir::pdq

#endif // PDQ_TEST_UNIT_PLAINFORMULAS_H
