// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Temporary file and rename.

#include "pdq/Support/Files/AtomicFile.h"
#include "llvm/Support/Errc.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

static Error makeError(StringRef path, std::error_code code) {
  return createStringError(code, path + ": cannot write: " + code.message());
}

/// Runs `write` on an open file and gives back the first error. A stream that
/// is destroyed with an error pending ends the program, so it is cleared.
static std::error_code runWrite(raw_fd_ostream &stream,
                                function_ref<void(raw_ostream &)> write) {
  write(stream);
  stream.flush();
  std::error_code code = stream.error();
  stream.clear_error();
  return code;
}

static Error writeDirectly(StringRef path,
                           function_ref<void(raw_ostream &)> write) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (!code)
    code = runWrite(stream, write);
  return code ? makeError(path, code) : Error::success();
}

/// True for what cannot be replaced by a rename: devices, pipes, directories.
static bool isSpecialFile(StringRef path) {
  sys::fs::file_status status;
  return !sys::fs::status(path, status) && sys::fs::exists(status) &&
         !sys::fs::is_regular_file(status);
}

static Expected<sys::fs::TempFile> createTemporary(StringRef path) {
  return sys::fs::TempFile::create(path + ".temporary-%%%%%%");
}

Error mlir::pdq::checkFileWritable(StringRef path) {
  if (sys::fs::is_directory(path))
    return makeError(path, make_error_code(errc::is_a_directory));
  if (isSpecialFile(path))
    return Error::success();
  auto temporary = createTemporary(path);
  if (!temporary)
    return makeError(path, errorToErrorCode(temporary.takeError()));
  return temporary->discard();
}

Error mlir::pdq::writeFileAtomically(StringRef path,
                                     function_ref<void(raw_ostream &)> write) {
  if (isSpecialFile(path))
    return writeDirectly(path, write);
  auto temporary = createTemporary(path);
  if (!temporary)
    return makeError(path, errorToErrorCode(temporary.takeError()));
  std::error_code code;
  {
    raw_fd_ostream stream(temporary->FD, /*shouldClose=*/false);
    code = runWrite(stream, write);
  }
  if (code) {
    consumeError(temporary->discard());
    return makeError(path, code);
  }
  if (Error error = temporary->keep(path)) {
    code = errorToErrorCode(std::move(error));
    consumeError(temporary->discard());
    return makeError(path, code);
  }
  return Error::success();
}
