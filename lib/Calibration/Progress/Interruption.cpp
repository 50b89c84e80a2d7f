// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SIGINT and SIGTERM during a calibration. Several calibrations in one process
// share the signal, and the handlers that were there before the first one.

#include "pdq/Calibration/Progress/Interruption.h"
#include <atomic>
#include <mutex>

using namespace mlir;
using namespace mlir::pdq;

static constexpr int signals[] = {SIGINT, SIGTERM};
static std::atomic<int> received{0};
static struct sigaction previous[2];
static int numGuards = 0;
static std::mutex mutex;

static void remember(int signal) {
  received = signal;
  for (int i = 0; i < 2; ++i)
    sigaction(signals[i], &previous[i], nullptr);
}

InterruptionGuard::InterruptionGuard() {
  std::lock_guard lock(mutex);
  if (numGuards++ > 0)
    return;
  received = 0;
  struct sigaction action = {};
  action.sa_handler = remember;
  sigfillset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < 2; ++i) {
    sigaction(signals[i], nullptr, &previous[i]);
    if (previous[i].sa_handler != SIG_IGN)
      sigaction(signals[i], &action, nullptr);
  }
}

InterruptionGuard::~InterruptionGuard() {
  std::lock_guard lock(mutex);
  if (--numGuards > 0)
    return;
  for (int i = 0; i < 2; ++i)
    sigaction(signals[i], &previous[i], nullptr);
}

bool mlir::pdq::isInterrupted() { return received != 0; }

StringRef mlir::pdq::getInterruption() {
  switch (received) {
  case SIGINT:
    return "SIGINT";
  case SIGTERM:
    return "SIGTERM";
  default:
    return "";
  }
}
