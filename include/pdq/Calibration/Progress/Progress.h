// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Progress on standard error: a line that changes on a terminal, one line per
// region otherwise, or an object of JSON per line for programs.

#ifndef PDQ_CALIBRATION_PROGRESS_PROGRESS_H
#define PDQ_CALIBRATION_PROGRESS_PROGRESS_H

#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Progress/Report.h"
#include <chrono>

namespace mlir::pdq {

/// Losses of one iteration, as the ring holds them.
struct IterationLosses {
  float total, reconstruction, difference, regularizer;
};

/// Seconds since a point in time.
class Stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  }

private:
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

/// Says how far a calibration is, and how long it will take.
class Progress {
public:
  Progress(size_t numRegions, int64_t iterations, ProgressForm form);

  /// A phase of the current region that is not its iterations.
  void phase(StringRef region, StringRef what);
  void iteration(StringRef region, int64_t done, const IterationLosses &losses);
  void finishRegion(const RegionReport &report);
  /// Removes the line that changes.
  void clear() { show(""); }

private:
  void show(const Twine &text);
  void writeJSON(StringRef region, llvm::json::Object event);
  std::optional<double> estimateSeconds(int64_t done) const;
  std::string estimate(int64_t done) const;

  ProgressForm form;
  bool terminal;
  size_t numRegions, finished = 0, finishedHere = 0;
  int64_t iterations;
  Stopwatch total, region;
  double shown = 0;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRESS_PROGRESS_H
