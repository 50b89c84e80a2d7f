// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story as one pipeline. Its options are handed on as text, so that
// each has one definition: in the stage that it belongs to.

#include "Quantize.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::pdq;

/// Options of `pdq-annotate`; all others are those of `pdq-calibrate`.
static constexpr StringRef annotateOptions[] = {
    "weight-bits", "activation-bits", "first-last", "granularity"};

/// End of the first option in `text`: the next white space outside of quotes
/// and braces.
static size_t findOptionEnd(StringRef text) {
  int depth = 0;
  char quote = 0;
  for (auto [i, c] : llvm::enumerate(text)) {
    if (quote)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '{')
      ++depth;
    else if (c == '}')
      --depth;
    else if (llvm::isSpace(c) && depth == 0)
      return i;
  }
  return text.size();
}

/// Splits the options between annotation and calibration.
static std::pair<std::string, std::string> splitOptions(StringRef text) {
  std::string annotate, calibrate;
  for (text = text.trim(); !text.empty(); text = text.ltrim()) {
    size_t end = findOptionEnd(text);
    StringRef option = text.take_front(end);
    text = text.drop_front(end);
    bool first = llvm::is_contained(annotateOptions, option.split('=').first);
    (first ? annotate : calibrate) += (option + " ").str();
  }
  return {StringRef(annotate).rtrim().str(),
          StringRef(calibrate).rtrim().str()};
}

static LogicalResult
addStage(OpPassManager &pm, StringRef name, StringRef options,
         function_ref<LogicalResult(const Twine &)> errorHandler) {
  const PassRegistryEntry *entry = PassPipelineInfo::lookup(name);
  if (!entry)
    entry = PassInfo::lookup(name);
  if (!entry)
    return errorHandler("stage '" + name + "' is not registered");
  // What is wrong with a value the option's parser has printed already.
  return entry->addToPipeline(pm, options, [&](const Twine &message) {
    std::string text = message.str();
    StringRef line = StringRef(text).trim();
    line.consume_front("<Pass-Options-Parser>: ");
    return line.empty() ? failure() : errorHandler(name + ": " + line);
  });
}

void mlir::pdq::registerQuantizePipeline() {
  registerPassPipeline(
      "pdq-quantize",
      "Quantize a network: pdq-annotate, pdq-calibrate and pdq-export in a "
      "row, with the options of all three",
      [](OpPassManager &pm, StringRef options,
         function_ref<LogicalResult(const Twine &)> errorHandler) {
        auto [annotate, calibrate] = splitOptions(options);
        if (failed(addStage(pm, "pdq-annotate", annotate, errorHandler)) ||
            failed(addStage(pm, "pdq-calibrate", calibrate, errorHandler)))
          return failure();
        return addStage(pm, "pdq-export", "", errorHandler);
      },
      [](function_ref<void(const mlir::detail::PassOptions &)>) {});
}
