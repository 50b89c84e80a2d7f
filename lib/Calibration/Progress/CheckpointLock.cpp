// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A checkpoint belongs to one process at a time.

#include "pdq/Calibration/Progress/CheckpointLock.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir::pdq;

/// Whether `path` still names the open file: the process that had the lock
/// removes it.
static bool isNamed(int file, const std::string &path) {
  struct stat open, named;
  return fstat(file, &open) == 0 && stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

llvm::Error CheckpointLock::take(llvm::StringRef checkpoint) {
  path = (checkpoint + ".lock").str();
  while (true) {
    file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) {
      std::error_code code(errno, std::generic_category());
      return llvm::createStringError(code, "cannot write: " + code.message());
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      bool isTaken = errno == EWOULDBLOCK;
      std::error_code code(errno, std::generic_category());
      close(file);
      file = -1;
      if (isTaken)
        return llvm::createStringError(
            "checkpoint is in use by another process; wait for it, or take "
            "another file");
      return llvm::createStringError(code, "cannot lock checkpoint: " +
                                               code.message());
    }
    if (isNamed(file, path))
      return llvm::Error::success();
    close(file);
  }
}

CheckpointLock::~CheckpointLock() {
  if (file < 0)
    return;
  unlink(path.c_str());
  close(file);
}
