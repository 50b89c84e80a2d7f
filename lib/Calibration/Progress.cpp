// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Progress on standard error.

#include "Progress.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::pdq;

/// Seconds between two changes of the line.
static constexpr double refreshSeconds = 0.2;

Progress::Progress(size_t numRegions, int64_t iterations)
    : terminal(llvm::sys::Process::StandardErrIsDisplayed()),
      numRegions(numRegions), iterations(iterations) {}

void Progress::show(const Twine &text) {
  if (!terminal)
    return;
  llvm::errs() << "\r\x1b[K" << text;
  llvm::errs().flush();
  shown = total.seconds();
}

void Progress::phase(StringRef name, StringRef what) {
  show(llvm::formatv("[{0}/{1}] {2}: {3}", finished + 1, numRegions, name, what)
           .str());
}

/// Time left, from the mean over the regions done in this run and the current
/// one.
std::string Progress::estimate(int64_t done) const {
  double part = iterations > 0 ? static_cast<double>(done) / iterations : 1.0;
  double units = finishedHere + part;
  if (units <= 0)
    return "?";
  double left = total.seconds() / units * (numRegions - finished - part);
  auto seconds = static_cast<int64_t>(left);
  return llvm::formatv("{0}:{1,0+2}:{2,0+2}", seconds / 3600, seconds / 60 % 60,
                       seconds % 60)
      .str();
}

void Progress::iteration(StringRef name, int64_t done,
                         const IterationLosses &losses) {
  if (total.seconds() - shown < refreshSeconds)
    return;
  show(llvm::formatv("[{0}/{1}] {2}: {3}/{4} loss {5:f4} = {6:f4} + {7:f4} + "
                     "{8:f4}, {9} left",
                     finished + 1, numRegions, name, done, iterations,
                     losses.total, losses.reconstruction, losses.difference,
                     losses.regularizer, estimate(done))
           .str());
}

void Progress::finishRegion(const RegionReport &report) {
  show("");
  ++finished;
  ++finishedHere;
  region = Stopwatch();
  llvm::errs() << llvm::formatv(
      "[{0}/{1}] {2}: reconstruction {3:f4} -> {4:f4}, prediction difference "
      "{5:f4} -> {6:f4}, {7:f1} s ({8:f2} ms per iteration)\n",
      finished, numRegions, report.name, report.reconstructionLoss[0],
      report.reconstructionLoss[1], report.predictionDifference[0],
      report.predictionDifference[1], report.seconds,
      report.millisecondsPerIteration);
}
