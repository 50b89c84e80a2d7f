// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Something that may crash, hang or take all memory, tried in a process of its
// own.

#ifndef PDQ_LIB_SUPPORT_FILES_TRIALREAD_H
#define PDQ_LIB_SUPPORT_FILES_TRIALREAD_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstdint>
#include <string>

namespace mlir::pdq {

/// What a trial may use.
struct TrialLimits {
  uint64_t seconds, bytes;
};

/// Calls `read` in a child process that prints nothing, and gives its result:
/// what is wrong, or nothing. A child that crashes or takes more than a limit
/// is a result in words too. Where there can be no child, `read` is called
/// here.
std::string runTrial(llvm::function_ref<std::string()> read,
                     const TrialLimits &limits);

} // namespace mlir::pdq

#endif // PDQ_LIB_SUPPORT_FILES_TRIALREAD_H
