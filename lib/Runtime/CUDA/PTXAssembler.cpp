// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running ptxas on temporary files.

#include "pdq/Runtime/CUDA/PTXAssembler.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <cstdlib>

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// A temporary file that goes with this object.
class ScratchFile {
public:
  explicit ScratchFile(StringRef suffix)
      : code(llvm::sys::fs::createTemporaryFile("pdq-kernels", suffix, path)) {}
  ScratchFile(const ScratchFile &) = delete;
  ScratchFile &operator=(const ScratchFile &) = delete;
  ~ScratchFile() {
    if (!code)
      llvm::sys::fs::remove(path);
  }

  std::error_code getError() const { return code; }
  StringRef getPath() const { return path; }

  std::error_code write(StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream stream(path, error);
    if (error)
      return error;
    stream << text;
    stream.close();
    error = stream.error();
    stream.clear_error();
    return error;
  }
  std::string read() const {
    auto text = llvm::MemoryBuffer::getFile(path);
    return text ? (*text)->getBuffer().str() : "";
  }

private:
  llvm::SmallString<128> path;
  std::error_code code;
};
} // namespace

/// Runs a program; its output goes to `log`.
static llvm::Error run(StringRef program, ArrayRef<StringRef> arguments,
                       ScratchFile &log) {
  SmallVector<StringRef> words = {program};
  llvm::append_range(words, arguments);
  std::optional<StringRef> redirects[] = {StringRef(), log.getPath(),
                                          log.getPath()};
  std::string reason;
  int status = llvm::sys::ExecuteAndWait(program, words, std::nullopt,
                                         redirects, /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &reason);
  if (status == 0)
    return llvm::Error::success();
  if (!reason.empty())
    return llvm::createStringError("'" + program + "' failed: " + reason);
  return llvm::createStringError("'" + program + "' failed with status " +
                                 Twine(status) + ": " +
                                 StringRef(log.read()).rtrim());
}

llvm::Error PTXAssembler::readVersion() {
  ScratchFile log("log");
  if (std::error_code code = log.getError())
    return llvm::createStringError(code,
                                   "no temporary file: " + code.message());
  if (llvm::Error error = run(path, {"--version"}, log))
    return error;
  version = log.read();
  return llvm::Error::success();
}

llvm::Expected<std::optional<PTXAssembler>> PTXAssembler::find() {
  std::string path;
  if (const char *chosen = std::getenv("PDQ_PTXAS")) {
    path = chosen;
    if (path.empty())
      return std::nullopt;
  } else {
    SmallVector<StringRef> places;
    llvm::SmallString<128> toolkit;
    if (const char *home = std::getenv("CUDA_HOME"); home && *home) {
      llvm::sys::path::append(toolkit, home, "bin");
      places.push_back(toolkit);
    }
    auto found = llvm::sys::findProgramByName("ptxas", places);
    if (!found)
      found = llvm::sys::findProgramByName("ptxas");
    if (!found)
      return std::nullopt;
    path = *found;
  }
  PTXAssembler assembler(std::move(path));
  if (llvm::Error error = assembler.readVersion())
    return std::move(error);
  return assembler;
}

llvm::Expected<PTXAssembler::Result>
PTXAssembler::assemble(StringRef ptx, StringRef chip) const {
  ScratchFile source("ptx"), object("cubin"), log("log");
  for (std::error_code code :
       {source.getError(), object.getError(), log.getError()})
    if (code)
      return llvm::createStringError(code,
                                     "no temporary file: " + code.message());
  if (std::error_code code = source.write(ptx))
    return llvm::createStringError(
        code, source.getPath() + ": cannot be written: " + code.message());
  std::string arch = ("-arch=" + chip).str();
  if (llvm::Error error = run(
          path, {getFlags(), arch, source.getPath(), "-o", object.getPath()},
          log))
    return std::move(error);
  Result result = {object.read(), log.read()};
  if (result.object.empty())
    return llvm::createStringError("'" + path + "' wrote nothing");
  return result;
}
