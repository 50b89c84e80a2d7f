// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Presets of the paper's network families, and the settings by name.

#include "pdq/Calibration/CalibrationOptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// One row of the table of presets in docs/Math.md.
struct PresetSettings {
  Preset preset;
  double roundingWeight, temperature, lambdaC;
};
} // namespace

static constexpr PresetSettings presets[] = {
    {Preset::ResNet, 0.01, 4.0, 0.02},
    {Preset::RegNetX, 0.01, 4.0, 0.01},
    {Preset::MobileNetV2, 0.1, 1.0, 0.005},
    {Preset::MNasNet, 0.2, 1.0, 0.001},
};

CalibrationOptions::CalibrationOptions(CalibrateOptions options)
    : CalibrateOptions(std::move(options)) {
  const PresetSettings *chosen = llvm::find_if(
      presets, [&](const PresetSettings &row) { return row.preset == preset; });
  if (chosen == std::end(presets))
    chosen = presets;
  auto choose = [](double &setting, double ofPreset) {
    setting = setting < 0 ? ofPreset : setting;
  };
  choose(roundingWeight, chosen->roundingWeight);
  choose(temperature, chosen->temperature);
  choose(lambdaC, chosen->lambdaC);
  scaleLearning &= !powerOfTwoScales;
}

static std::string getText(const OutputTerm &term) {
  switch (term.loss) {
  case OutputLoss::Automatic:
    return "auto";
  case OutputLoss::None:
    return "none";
  case OutputLoss::Divergence:
    return term.axis ? "kl:" + std::to_string(*term.axis) : "kl";
  case OutputLoss::SquaredError:
    return "mse";
  }
  llvm_unreachable("unknown loss of an output");
}

/// The items of the outputs, separated by commas.
static std::string
joinTerms(ArrayRef<OutputTerm> terms,
          function_ref<std::string(const OutputTerm &)> getItem) {
  return llvm::join(llvm::map_range(terms, getItem), ",");
}

static std::string getWeightText(const OutputTerm &term) {
  return llvm::formatv("{0}", llvm::json::Value(term.weight)).str();
}

llvm::json::Object CalibrationOptions::toJSON() const {
  return llvm::json::Object{
      {"iterations", iterations},
      {"batch", batch},
      {"init-samples", initSamples},
      {"scale-samples",
       scaleSamples == ScaleSamples::Spread ? "spread" : "first"},
      {"init", init == ScaleInit::MSE ? "mse" : "minmax"},
      {"symmetric-weights", symmetricWeights},
      {"power-of-two-scales", powerOfTwoScales},
      {"seed", seed},
      {"learned-rounding", learnedRounding},
      {"products", stringifyEnum(products)},
      {"scale-learning", scaleLearning},
      {"weight-scale-learning", weightScaleLearning},
      {"prediction-difference", predictionDifference},
      {"distribution-correction", distributionCorrection},
      {"drop-in", dropIn},
      {"drop-act", dropAct},
      {"rounding-weight", roundingWeight},
      {"warmup", warmup},
      {"temperature", temperature},
      {"lambda-r", lambdaR},
      {"output-losses", joinTerms(outputs, getText)},
      {"output-weights", joinTerms(outputs, getWeightText)},
      {"lambda-c", lambdaC},
      {"distribution-correction-steps", correctionSteps},
      {"distribution-correction-rate", correctionRate},
      {"rounding-rate", roundingRate},
      {"scale-rate", scaleRate},
      {"weight-scale-rate", weightScaleRate}};
}

std::string CalibrationOptions::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::Object settings = toJSON();
  llvm::interleave(
      llvm::json::sortedElements(settings), os,
      [&](const llvm::json::Object::value_type *entry) {
        os << entry->first << "=" << entry->second;
      },
      " ");
  return text;
}
