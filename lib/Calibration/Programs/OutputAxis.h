// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dimension of a value that holds what the last layer calls its output
// channels: the classes of logits.

#ifndef PDQ_LIB_CALIBRATION_PROGRAMS_OUTPUTAXIS_H
#define PDQ_LIB_CALIBRATION_PROGRAMS_OUTPUTAXIS_H

#include "mlir/IR/Value.h"
#include <optional>

namespace mlir::pdq {

/// Follows `value` backwards through regions, views, elementwise operations and
/// poolings to layers; nothing where they are not reached, or where the
/// channels are not one dimension of `value`.
std::optional<int64_t> findChannelAxis(Value value);

} // namespace mlir::pdq

#endif // PDQ_LIB_CALIBRATION_PROGRAMS_OUTPUTAXIS_H
