// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story as one pipeline. Its options are handed on as text and listed
// from where they are, so that each has one definition: in the stage that it
// belongs to.

#include "Quantize.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Calibration/CalibrationOptions.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/Files/Samples.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// The options of all stages, which print and do not parse.
class QuantizeOptions : public PassPipelineOptions<QuantizeOptions> {
public:
  QuantizeOptions() : calibrate(createCalibrate()) {
    list(annotate.weightBits);
    list(getOptionOfCalibrate(*calibrate));
    list(exporting.allowInitialized);
  }

  SmallVector<StringRef> getNames() const {
    return llvm::map_to_vector(
        options, [](auto &option) -> StringRef { return option->ArgStr; });
  }

private:
  /// An option of a stage.
  class StageOption : public Option<std::string> {
  public:
    StageOption(PassOptions &parent, const llvm::cl::Option &source)
        : Option(parent, source.ArgStr), source(source) {}
    size_t getOptionWidth() const override { return source.getOptionWidth(); }
    void printOptionInfo(size_t width) const override {
      source.printOptionInfo(width);
    }

  private:
    const llvm::cl::Option &source;
  };

  /// Lists `option` and all others of its stage.
  void list(const llvm::cl::Option &option) {
    for (const llvm::cl::SubCommand *stage : option.Subs)
      for (auto [name, source] : stage->OptionsMap)
        options.push_back(std::make_unique<StageOption>(*this, *source));
  }

  AnnotateOptions annotate;
  std::unique_ptr<Pass> calibrate;
  ExportOptions exporting;
  std::vector<std::unique_ptr<StageOption>> options;
};

/// The text of the options, stage by stage.
struct StageTexts {
  std::string annotate, calibrate, exporting;
};
} // namespace

static bool isOptionOf(const llvm::cl::Option &stage, StringRef name) {
  return llvm::any_of(stage.Subs, [&](const llvm::cl::SubCommand *options) {
    return options->OptionsMap.contains(name);
  });
}

/// Splits the options, all of which are known, between the stages.
static StageTexts splitByStage(StringRef text) {
  AnnotateOptions annotate;
  ExportOptions exporting;
  StageTexts texts;
  for (StringRef option : splitOptions(text)) {
    StringRef name = getOptionName(option);
    std::string &stage = isOptionOf(annotate.weightBits, name) ? texts.annotate
                         : isOptionOf(exporting.allowInitialized, name)
                             ? texts.exporting
                             : texts.calibrate;
    stage += ((stage.empty() ? "" : " ") + option).str();
  }
  return texts;
}

/// The sizes behind the batch of the files that `calibration` names, as the
/// option `sample-shape` takes them. What is wrong with a file its reader says.
static std::string readSampleShapes(StringRef calibrate) {
  std::string shapes;
  for (StringRef option : splitOptions(calibrate)) {
    if (!option.consume_front("calibration="))
      continue;
    for (StringRef path : llvm::split(option, ',')) {
      llvm::Expected<NpyFile> file = NpyFile::open(path);
      if (!file || file->getShape().empty()) {
        llvm::consumeError(file.takeError());
        return "";
      }
      shapes += shapes.empty() ? "" : ",";
      shapes += getSampleSizes(*file);
    }
  }
  return shapes;
}

/// What `pdq-quantize` checks unless it is told otherwise.
static constexpr StringRef defaultCheck = "check=4";

/// Adds to the options of the annotation that it is checked, on the calibration
/// set.
static void addCheck(StageTexts &texts) {
  auto find = [](StringRef text, StringRef name) -> StringRef {
    for (StringRef option : splitOptions(text))
      if (option.split('=').first == name)
        return option;
    return {};
  };
  auto add = [&](const Twine &option) {
    texts.annotate += ((texts.annotate.empty() ? "" : " ") + option).str();
  };
  if (find(texts.annotate, "check").empty())
    add(defaultCheck);
  StringRef data = find(texts.calibrate, "calibration");
  if (!data.empty() && find(texts.annotate, "check-data").empty())
    add("check-data=" + data.split('=').second);
}

static LogicalResult addStage(OpPassManager &pm, StringRef name,
                              StringRef options, OptionErrorFn report) {
  const PassRegistryEntry *entry = PassPipelineInfo::lookup(name);
  if (!entry)
    entry = PassInfo::lookup(name);
  if (!entry)
    return report("stage '" + name + "' is not registered");
  // The stage is no part of the messages: the user did not name it.
  return entry->addToPipeline(pm, options, report);
}

static LogicalResult buildQuantizePipeline(OpPassManager &pm, StringRef text,
                                           OptionErrorFn report) {
  if (failed(checkOptionsGivenOnce(text, report)))
    return failure();
  SmallVector<StringRef> known = QuantizeOptions().getNames();
  for (StringRef option : splitOptions(text))
    if (!llvm::is_contained(known, getOptionName(option)))
      return report(describeUnknownOption(getOptionName(option), known));
  StageTexts stages = splitByStage(text);
  std::string shapes = readSampleShapes(stages.calibrate);
  if (!shapes.empty() && !text.contains("sample-shape="))
    stages.annotate += " sample-shape=" + shapes;
  addCheck(stages);
  if (failed(addStage(pm, "pdq-annotate", stages.annotate, report)) ||
      failed(addStage(pm, "pdq-calibrate", stages.calibrate, report)))
    return failure();
  return addStage(pm, "pdq-export", stages.exporting, report);
}

void mlir::pdq::registerQuantizePipeline() {
  registerPassPipeline(
      "pdq-quantize",
      "Quantize a network: pdq-annotate, pdq-calibrate and pdq-export in a "
      "row, with the options of all three",
      buildQuantizePipeline,
      [](function_ref<void(const mlir::detail::PassOptions &)> visit) {
        visit(QuantizeOptions());
      });
}
