// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A checkpoint belongs to one process at a time.

#ifndef PDQ_CALIBRATION_PROGRESS_CHECKPOINTLOCK_H
#define PDQ_CALIBRATION_PROGRESS_CHECKPOINTLOCK_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::pdq {

/// A lock on `FILE.lock`, beside the checkpoint, which is replaced by renames
/// and can hold none itself. The system gives it up however the process ends.
class CheckpointLock {
public:
  CheckpointLock() = default;
  ~CheckpointLock();
  CheckpointLock(const CheckpointLock &) = delete;
  CheckpointLock &operator=(const CheckpointLock &) = delete;

  /// Takes the lock for `checkpoint`.
  ///
  /// Errors: another process has it, or there is no place for the file; one
  /// line without the file's name.
  llvm::Error take(llvm::StringRef checkpoint);

private:
  std::string path;
  int file = -1;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRESS_CHECKPOINTLOCK_H
