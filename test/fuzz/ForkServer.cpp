// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls pdq-opt and pdq-run many times. Their start is mostly the loading of
// LLVM and MLIR, which happens once here: each call is a fork. A call that
// crashes or hangs is told from the others.

#include "OptMain.h"
#include "RunMain.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace mlir::pdq;

static std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end; (end = line.find('\t', start)) != std::string::npos;
       start = end + 1)
    parts.push_back(line.substr(start, end - start));
  parts.push_back(line.substr(start));
  return parts;
}

/// Runs one call in this process, which ends with it: the log file, seconds,
/// megabytes of address space, the tool and its arguments.
[[noreturn]] static void runCall(std::vector<std::string> &parts) {
  int log = open(parts[0].c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  int nothing = open("/dev/null", O_RDONLY);
  if (log < 0 || nothing < 0)
    _exit(126);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  alarm(std::atoi(parts[1].c_str()));
  rlim_t bytes = rlim_t(std::atoll(parts[2].c_str())) << 20;
  rlimit limit{bytes, bytes};
  if (bytes && setrlimit(RLIMIT_AS, &limit) != 0)
    _exit(126);
  std::vector<char *> arguments;
  for (size_t i = 3; i < parts.size(); ++i)
    arguments.push_back(parts[i].data());
  int count = arguments.size();
  arguments.push_back(nullptr);
  bool runs = parts[3] == "pdq-run";
  int status = (runs ? runMain : optMain)(count, arguments.data());
  // As `exit` does, but nothing that was made before the fork is taken down.
  std::fflush(nullptr);
  _exit(status);
}

/// Reads calls, one a line, and answers with the exit status, or with the
/// number of the signal that ended it, negated.
int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> parts = split(line);
    if (parts.size() < 4)
      return 2;
    pid_t child = fork();
    if (child < 0)
      return 3;
    if (child == 0)
      runCall(parts);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR)
        return 4;
    std::cout << (WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status))
              << std::endl;
  }
  return 0;
}
