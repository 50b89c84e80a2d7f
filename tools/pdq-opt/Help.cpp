// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream's description of each pass and its options, with defaults.

#include "Help.h"
#include "mlir/Pass/PassRegistry.h"
#include "pdq/Support/Files/CapturedOutput.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "pdq/Support/Options/PassOptionText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::pdq;

/// What most users need, in the order of the flow.
static constexpr StringRef flow[] = {"pdq-quantize", "pdq-annotate",
                                     "pdq-calibrate", "pdq-export"};

static constexpr StringRef introduction =
    R"(pdq-opt: post-training quantization by prediction difference

usage: pdq-opt NETWORK --pdq-quantize="NAME=VALUE ..." --emit-bytecode -o RESULT

  NETWORK is a file of MLIR text or bytecode, or - for stdin.
  -o FILE                    Where the result goes (default: stdout)
  --emit-bytecode            Write bytecode, not text: version 4, which other
                             versions of MLIR read
  --emit-bytecode-version=N  The version of the bytecode
  --pass-pipeline=TEXT       A pipeline as text
  --verify-diagnostics       Compare messages with those that the input expects
  --help-all                 Upstream's options and passes too
  --version                  The version of LLVM

The whole flow, and its parts:

)";

/// A default as a user would write it: 4e-05 and not 4.000000e-05.
static std::string shorten(StringRef value) {
  double number;
  if (!value.contains("e-") && !value.contains("e+"))
    return value.str();
  if (value.getAsDouble(number))
    return value.str();
  std::string result;
  llvm::raw_string_ostream(result) << llvm::format("%g", number);
  return result;
}

/// A line of upstream's help, `  --name=<type>  -   what it is`, and what
/// `defaults` say of the option.
static std::string addDefault(StringRef line, ArrayRef<StringRef> defaults) {
  StringRef name = line.ltrim().take_until(
      [](char c) { return c == '=' || llvm::isSpace(c); });
  if (!name.consume_front("--"))
    return line.str();
  for (StringRef option : defaults)
    if (getOptionName(option) == name)
      if (StringRef value = option.split('=').second; !value.empty())
        return line.str() + " (" + shorten(value) + ")";
  return line.str();
}

static void printEntry(const PassRegistryEntry &entry, raw_ostream &os) {
  // Upstream indents by the difference, which must not be negative.
  constexpr size_t indent = 2, column = 42;
  size_t width = std::max(column, entry.getOptionWidth() + 2 * indent);
  std::string text = captureStdout([&] { entry.printHelpStr(indent, width); });
  std::string values = getDefaultOptions(entry.getPassArgument());
  SmallVector<StringRef> defaults = splitOptions(values);
  SmallVector<StringRef> lines;
  StringRef(text).split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (auto [i, line] : llvm::enumerate(lines))
    // Values stand below their option, which upstream does not know the place
    // of.
    os << (line.ltrim().starts_with("=") ? "  " : "")
       << (i == 0 ? line.str() : addDefault(line, defaults)) << "\n";
}

/// Names of what pdq registered beside the flow, sorted.
static SmallVector<StringRef> getOtherNames() {
  SmallVector<StringRef> names;
  for (auto &[name, option] : llvm::cl::getRegisteredOptions())
    if (name.starts_with("pdq-") && !llvm::is_contained(flow, name) &&
        findEntry(name))
      names.push_back(name);
  llvm::sort(names);
  return names;
}

std::string mlir::pdq::getHelp(StringRef name) {
  const PassRegistryEntry *entry = findEntry(name);
  if (!entry)
    return "";
  return captureStdout(
      [&] { entry->printHelpStr(0, entry->getOptionWidth() + 2); });
}

void mlir::pdq::printHelp(raw_ostream &os) {
  os << introduction;
  for (StringRef name : flow)
    if (const PassRegistryEntry *entry = findEntry(name))
      printEntry(*entry, os);
  os << "\nPasses and pipelines of the stages:\n\n";
  for (StringRef name : getOtherNames())
    printEntry(*findEntry(name), os);
}
