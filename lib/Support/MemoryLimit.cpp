// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much of the host's memory this process may have.

#include "pdq/Support/MemoryLimit.h"
#include "pdq/Support/HostTensor.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Compiler.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <atomic>
#include <new>
#include <sys/resource.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::pdq;

static std::atomic<uint64_t> chosenLimit{0};
static std::atomic<bool> isEnforced{false};

std::optional<uint64_t> mlir::pdq::readByteCount(StringRef text) {
  unsigned shift = llvm::StringSwitch<unsigned>(text.take_back())
                       .Case("K", 10)
                       .Case("M", 20)
                       .Case("G", 30)
                       .Default(0);
  uint64_t number = 0;
  if (text.drop_back(shift ? 1 : 0).getAsInteger(10, number) || number == 0 ||
      number > (UINT64_MAX >> shift))
    return std::nullopt;
  return number << shift;
}

/// Gives the limit to the system. What counts is private memory that can be
/// written; a sanitizer reserves terabytes of it.
static void applyLimit() {
#if !LLVM_ADDRESS_SANITIZER_BUILD && !LLVM_THREAD_SANITIZER_BUILD &&           \
    !LLVM_MEMORY_SANITIZER_BUILD
  // What the system counts and `getUsedBytes` does not: stacks and other memory
  // that was reserved and not touched.
  constexpr uint64_t untouchedBytes = uint64_t(1) << 30;
  rlimit limit;
  if (getrlimit(RLIMIT_DATA, &limit) != 0)
    return;
  limit.rlim_cur = std::min<rlim_t>(
      llvm::SaturatingAdd(getMemoryLimit(), untouchedBytes), limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

void mlir::pdq::setMemoryLimit(uint64_t bytes) {
  chosenLimit = bytes;
  if (isEnforced)
    applyLimit();
}

uint64_t mlir::pdq::getMemoryLimit() {
  uint64_t chosen = chosenLimit;
  return chosen ? chosen : getMachineBytes() / 5 * 4;
}

uint64_t mlir::pdq::getUsedBytes() {
  // Pages of the whole program, and of it in memory.
  auto text = llvm::MemoryBuffer::getFileAsStream("/proc/self/statm");
  uint64_t pages = 0;
  if (!text ||
      (*text)->getBuffer().split(' ').second.split(' ').first.getAsInteger(
          10, pages))
    return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

LogicalResult mlir::pdq::checkMemoryLimit(Location loc, uint64_t needed,
                                          const Twine &what,
                                          const Twine &advice) {
  uint64_t used = getUsedBytes(), limit = getMemoryLimit();
  if (llvm::SaturatingAdd(needed, used) <= limit)
    return success();
  return emitError(loc) << what.str() << " needs " << needed
                        << " bytes of memory beside " << used
                        << " in use, memory-limit is " << limit
                        << (chosenLimit ? "" : " (80 % of the machine)") << "; "
                        << advice.str();
}

/// What the tool is called; a handler can allocate nothing.
static const char *toolName = "pdq";

static void endWithoutMemory() {
  for (StringRef part : {StringRef(toolName),
                         StringRef(": error: out of memory: memory-limit is "
                                   "reached; take fewer samples or a smaller "
                                   "batch, or give more\n")})
    if (::write(STDERR_FILENO, part.data(), part.size()) < 0)
      break;
  ::_exit(1);
}

void mlir::pdq::enforceMemoryLimit(StringRef tool) {
  toolName = tool.data();
  std::set_new_handler(endWithoutMemory);
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { endWithoutMemory(); });
  isEnforced = true;
  applyLimit();
}
