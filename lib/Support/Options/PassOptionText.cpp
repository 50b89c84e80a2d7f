// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes and pipelines as the user wrote them.

#include "pdq/Support/Options/PassOptionText.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::pdq;

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

SmallVector<StringRef> mlir::pdq::splitOptions(StringRef text) {
  SmallVector<StringRef> options;
  for (text = text.trim(); !text.empty(); text = text.ltrim()) {
    size_t end = findOptionEnd(text);
    options.push_back(text.take_front(end));
    text = text.drop_front(end);
  }
  return options;
}

LogicalResult mlir::pdq::checkOptionsGivenOnce(StringRef text,
                                               OptionErrorFn report) {
  llvm::StringSet<> seen;
  for (StringRef option : splitOptions(text)) {
    StringRef name = getOptionName(option);
    if (!seen.insert(name).second)
      return report("option '" + name + "' is given twice, expected once");
  }
  return success();
}

LogicalResult mlir::pdq::parseOptions(mlir::detail::PassOptions &options,
                                      StringRef text, OptionErrorFn report) {
  if (failed(checkOptionsGivenOnce(text, report)))
    return failure();
  std::string values;
  llvm::raw_string_ostream valueStream(values);
  options.print(valueStream);
  SmallVector<StringRef> known = llvm::map_to_vector(
      splitOptions(StringRef(values).trim("{} ")), getOptionName);
  for (StringRef option : splitOptions(text))
    if (!llvm::is_contained(known, getOptionName(option)))
      return report(describeUnknownOption(getOptionName(option), known));
  std::string printed;
  llvm::raw_string_ostream stream(printed);
  if (succeeded(options.parseFromString(text, stream)))
    return success();
  StringRef message = StringRef(printed).trim();
  message.consume_front("<Pass-Options-Parser>: ");
  return message.empty() ? failure() : report(message);
}
