// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SIGINT and SIGTERM during a calibration: it ends where its state can be kept.

#ifndef PDQ_CALIBRATION_PROGRESS_INTERRUPTION_H
#define PDQ_CALIBRATION_PROGRESS_INTERRUPTION_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <csignal>

namespace mlir::pdq {

/// While one lives, the first of these signals is only remembered; the second
/// one does what it did before. A signal that was ignored stays ignored.
class InterruptionGuard {
public:
  InterruptionGuard();
  ~InterruptionGuard();
  InterruptionGuard(const InterruptionGuard &) = delete;
  InterruptionGuard &operator=(const InterruptionGuard &) = delete;
};

/// Whether a signal came.
bool isInterrupted();

/// Its name; empty where none came.
StringRef getInterruption();

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRESS_INTERRUPTION_H
