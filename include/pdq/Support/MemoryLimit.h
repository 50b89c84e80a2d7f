// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much of the host's memory this process may have. It is compared with what
// programs and samples need before any of it is allocated.

#ifndef PDQ_SUPPORT_MEMORYLIMIT_H
#define PDQ_SUPPORT_MEMORYLIMIT_H

#include "mlir/IR/Diagnostics.h"
#include <cstdint>
#include <optional>

namespace mlir::pdq {

/// "1500000", "300K", "64M", "2G" (powers of 1024) in bytes; nothing for other
/// text and for 0.
std::optional<uint64_t> readByteCount(StringRef text);

/// Sets the limit of this process in bytes; 0 is the default, 80 % of what the
/// machine or the process's container has.
void setMemoryLimit(uint64_t bytes);
uint64_t getMemoryLimit();

/// Bytes that this process has in memory now.
uint64_t getUsedBytes();

/// Checks that `needed` bytes beside what is used fit under the limit. Errors:
/// one at `loc` that says what needs them, the numbers, and `advice`.
LogicalResult checkMemoryLimit(Location loc, uint64_t needed, const Twine &what,
                               const Twine &advice);

/// For tools: the system refuses to give this process more than its limit, and
/// where memory ends in spite of all checks, one line on stderr says so and the
/// process exits with 1.
void enforceMemoryLimit(StringRef tool);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_MEMORYLIMIT_H
