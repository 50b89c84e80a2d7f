// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A child process with limits.

#include "TrialRead.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <new>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir::pdq;

/// What a child ends with when memory runs out.
static constexpr int outOfMemory = 3;

/// Bytes of address space of this process.
static uint64_t getAddressSpace() {
  auto text = llvm::MemoryBuffer::getFileAsStream("/proc/self/statm");
  uint64_t pages = 0;
  if (!text || (*text)->getBuffer().split(' ').first.getAsInteger(10, pages))
    return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

static void setLimit(decltype(RLIMIT_AS) resource, uint64_t value) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0 || value >= limit.rlim_cur)
    return;
  limit.rlim_cur = value;
  setrlimit(resource, &limit);
}

static void writeAll(int file, llvm::StringRef text) {
  while (!text.empty()) {
    ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return;
    text = text.drop_front(std::max<ssize_t>(written, 0));
  }
}

static std::string readAll(int file) {
  std::string text;
  char buffer[4096];
  while (true) {
    ssize_t count = ::read(file, buffer, sizeof(buffer));
    if (count == 0 || (count < 0 && errno != EINTR))
      return text;
    text.append(buffer, std::max<ssize_t>(count, 0));
  }
}

/// The child: its crashes leave no report and no core.
[[noreturn]] static void runChild(llvm::function_ref<std::string()> read,
                                  const TrialLimits &limits,
                                  uint64_t addressSpace, int answer) {
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  for (int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGXCPU})
    std::signal(signal, SIG_DFL);
  // Of the tool's own handlers, which print and end with 1, both go.
  std::set_new_handler([] { _exit(outOfMemory); });
  llvm::remove_bad_alloc_error_handler();
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { _exit(outOfMemory); });
  setLimit(RLIMIT_CORE, 0);
  setLimit(RLIMIT_CPU, limits.seconds);
  if (addressSpace)
    setLimit(RLIMIT_AS, addressSpace + limits.bytes);
  writeAll(answer, read());
  _exit(0);
}

/// Why a child that ended early did so; nothing where it did not.
static std::string describeEnd(int status, const TrialLimits &limits) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return "";
  if (WIFEXITED(status) && WEXITSTATUS(status) == outOfMemory)
    return "file asks for more memory than the " +
           std::to_string(limits.bytes >> 20) + " MiB that reading it may take";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
    return "file became shorter while it was read";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
    return "file takes more than " + std::to_string(limits.seconds) +
           " s to read";
  return "file is damaged: MLIR's reader ends with " +
         (WIFSIGNALED(status)
              ? "signal " + std::to_string(WTERMSIG(status))
              : "status " + std::to_string(WEXITSTATUS(status)));
}

std::string mlir::pdq::runTrial(llvm::function_ref<std::string()> read,
                                const TrialLimits &limits) {
  uint64_t addressSpace = getAddressSpace();
  int answer[2];
  if (pipe(answer) != 0)
    return read();
  pid_t child = fork();
  if (child == 0)
    runChild(read, limits, addressSpace, answer[1]);
  close(answer[1]);
  std::string wrong = child > 0 ? readAll(answer[0]) : "";
  close(answer[0]);
  if (child < 0)
    return read();
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return wrong;
  std::string end = describeEnd(status, limits);
  return end.empty() ? wrong : end;
}
