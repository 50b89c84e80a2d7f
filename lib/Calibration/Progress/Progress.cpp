// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Progress on standard error.

#include "pdq/Calibration/Progress/Progress.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Seconds between two changes of the line.
static constexpr double refreshSeconds = 0.2;

static std::string printShort(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1e", number);
  return text;
}

/// A loss in a few digits: 0.0213, and 1.2e-07 where these would be zeros.
static std::string print(double loss) {
  bool isSmall = loss != 0 && std::abs(loss) < 1e-3;
  if (loss == 0)
    return "0";
  return isSmall ? printShort(loss) : llvm::formatv("{0:f4}", loss).str();
}

Progress::Progress(size_t numRegions, int64_t iterations, ProgressForm form)
    : form(form), terminal(form == ProgressForm::Text &&
                           llvm::sys::Process::StandardErrIsDisplayed()),
      numRegions(numRegions), iterations(iterations) {}

void Progress::show(const Twine &text) {
  if (!terminal)
    return;
  llvm::errs() << "\r\x1b[K" << text;
  llvm::errs().flush();
  shown = total.seconds();
}

/// JSON has no infinities, nor NaN.
static std::optional<double> getFinite(double number) {
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

/// One line, `{"progress":{...}}`: `event` and where in the network it is.
void Progress::writeJSON(StringRef region, llvm::json::Object event) {
  event["region"] = region;
  event["finished_regions"] = static_cast<int64_t>(finished);
  event["regions"] = static_cast<int64_t>(numRegions);
  llvm::errs() << llvm::json::Value(
                      llvm::json::Object{{"progress", std::move(event)}})
               << "\n";
  shown = total.seconds();
}

void Progress::phase(StringRef name, StringRef what) {
  if (form == ProgressForm::JSON)
    return writeJSON(name, llvm::json::Object{{"phase", what}});
  show(llvm::formatv("[{0}/{1}] {2}: {3}", finished + 1, numRegions, name, what)
           .str());
}

/// Time left, from the mean over the regions done in this run and the current
/// one.
std::optional<double> Progress::estimateSeconds(int64_t done) const {
  double part = iterations > 0 ? static_cast<double>(done) / iterations : 1.0;
  double units = finishedHere + part;
  if (units <= 0)
    return std::nullopt;
  return total.seconds() / units * (numRegions - finished - part);
}

std::string Progress::estimate(int64_t done) const {
  std::optional<double> left = estimateSeconds(done);
  if (!left)
    return "?";
  auto seconds = static_cast<int64_t>(*left);
  return llvm::formatv("{0}:{1,0+2}:{2,0+2}", seconds / 3600, seconds / 60 % 60,
                       seconds % 60)
      .str();
}

void Progress::iteration(StringRef name, int64_t done,
                         const IterationLosses &losses) {
  if (total.seconds() - shown < refreshSeconds)
    return;
  if (form == ProgressForm::JSON)
    return writeJSON(
        name, llvm::json::Object{
                  {"phase", "optimizing"},
                  {"iteration", done},
                  {"iterations", iterations},
                  {"loss", getFinite(losses.total)},
                  {"reconstruction", getFinite(losses.reconstruction)},
                  {"prediction_difference", getFinite(losses.difference)},
                  {"rounding_regularizer", getFinite(losses.regularizer)},
                  {"seconds_left", estimateSeconds(done)}});
  show(llvm::formatv("[{0}/{1}] {2}: {3}/{4} loss {5} = {6} + {7} + {8}, "
                     "{9} left",
                     finished + 1, numRegions, name, done, iterations,
                     print(losses.total), print(losses.reconstruction),
                     print(losses.difference), print(losses.regularizer),
                     estimate(done))
           .str());
}

void Progress::finishRegion(const RegionReport &report) {
  show("");
  ++finished;
  ++finishedHere;
  region = Stopwatch();
  if (form == ProgressForm::JSON)
    return writeJSON(
        report.name,
        llvm::json::Object{{"phase", "finished"}, {"report", report.toJSON()}});
  llvm::errs() << llvm::formatv(
      "[{0}/{1}] {2}: reconstruction {3} -> {4}, prediction difference "
      "{5} -> {6}, {7:f1} s ({8:f2} ms per iteration)\n",
      finished, numRegions, report.name, print(report.reconstructionLoss[0]),
      print(report.reconstructionLoss[1]),
      print(report.predictionDifference[0]),
      print(report.predictionDifference[1]), report.seconds,
      report.millisecondsPerIteration);
}
