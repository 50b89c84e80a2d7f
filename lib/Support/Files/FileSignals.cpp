// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SIGBUS and SIGXFSZ. The file is found in the kernel's list of mappings, so
// nothing is registered where files are read; a handler allocates nothing.

#include "pdq/Support/Files/FileSignals.h"
#include "llvm/Support/Signals.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace llvm;

static const char *toolName = "pdq";

namespace {
/// Goes through /proc/self/maps line by line. Longer lines are cut.
class MappingList {
public:
  MappingList() : file(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~MappingList() { close(file); }

  /// The next line; false at the end.
  bool next(StringRef &line);

private:
  /// The next character, or -1.
  int take();

  int file;
  char part[1024], text[4224];
  ssize_t place = 0, size = 0;
};
} // namespace

int MappingList::take() {
  if (place == size) {
    place = 0;
    do
      size = read(file, part, sizeof(part));
    while (size < 0 && errno == EINTR);
    if (size <= 0)
      return size = 0, -1;
  }
  return static_cast<unsigned char>(part[place++]);
}

bool MappingList::next(StringRef &line) {
  size_t length = 0;
  int c = take();
  if (c < 0)
    return false;
  for (; c >= 0 && c != '\n'; c = take())
    if (length < sizeof(text))
      text[length++] = static_cast<char>(c);
  line = StringRef(text, length);
  return true;
}

/// Whether `line`, which is `begin-end rights offset device inode path`, has
/// `address` in it.
static bool contains(StringRef line, uintptr_t address) {
  uintptr_t begin, end;
  auto [range, rest] = line.split(' ');
  auto [first, last] = range.split('-');
  return !first.getAsInteger(16, begin) && !last.getAsInteger(16, end) &&
         begin <= address && address < end;
}

/// Anonymous memory has no path.
static StringRef getPath(StringRef line) {
  return line.drop_front(std::min(line.find('/'), line.size()));
}

static void print(StringRef text) {
  while (!text.empty()) {
    ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return;
    text = text.drop_front(std::max<ssize_t>(written, 0));
  }
}

static void endAtMissingPage(int signal, siginfo_t *info, void *) {
  auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  MappingList mappings;
  StringRef line;
  while (mappings.next(line)) {
    StringRef path = getPath(line);
    if (path.empty() || !contains(line, address))
      continue;
    for (StringRef text : {StringRef(toolName), StringRef(": error: "), path,
                           StringRef(": became shorter while it was read\n")})
      print(text);
    sys::RunInterruptHandlers(); // Removes temporary files.
    _exit(1);
  }
  // Something else: the same instruction again ends as ever.
  std::signal(signal, SIG_DFL);
}

void mlir::pdq::turnFileSignalsIntoErrors(StringRef tool) {
  toolName = tool.data();
  struct sigaction action = {};
  action.sa_sigaction = endAtMissingPage;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}
