// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's library parses; what it says about errors is put into one line.

#include "pdq/Support/Options/CommandLine.h"
#include "pdq/Support/Files/CapturedOutput.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::pdq;
namespace cl = llvm::cl;

int mlir::pdq::failTool(StringRef tool, const Twine &message) {
  llvm::WithColor::error(llvm::errs(), tool) << message << "\n";
  return 1;
}

int mlir::pdq::closeStdout(StringRef tool, int status) {
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  if (!code)
    return status;
  // A stream that is destroyed with an error pending ends the program.
  llvm::outs().clear_error();
  return status ? status
                : failTool(tool, "<stdout>: cannot write: " + code.message());
}

bool mlir::pdq::asksForHelp(int argc, char **argv) {
  return llvm::any_of(ArrayRef(argv, argc).drop_front(), [](StringRef text) {
    return text == "--help" || text == "-help" || text == "-h";
  });
}

/// What stands between two quotes first.
static StringRef getQuoted(StringRef text) {
  return text.split('\'').second.split('\'').first;
}

/// The values of an option that has some of its own, as a help text lists them
/// below `--name=<value>`: `    =name   -   what it is`.
static std::string listValues(StringRef name, StringRef help) {
  std::string own;
  cl::Option *option = cl::getRegisteredOptions().lookup(name);
  if (help.empty() && option) {
    own = captureStdout([&] { option->printOptionInfo(40); });
    help = own;
  }
  SmallVector<std::string> values;
  bool isListed = false;
  for (StringRef line : llvm::split(help, '\n')) {
    StringRef text = line.ltrim();
    if (text.consume_front("--"))
      isListed = text.starts_with((name + "=").str());
    else if (isListed && text.consume_front("="))
      values.push_back(("'" + text.take_until(llvm::isSpace) + "'").str());
  }
  if (values.empty())
    return "another value";
  std::string last = values.pop_back_val();
  return values.empty() ? last : llvm::join(values, ", ") + " or " + last;
}

/// `for the --name option: ...`, in words that the passes use as well.
static std::string describeOption(StringRef name, StringRef complaint,
                                  StringRef help) {
  std::string option = ("option '" + name + "' ").str();
  if (complaint.starts_with("must be specified"))
    return option + "is missing";
  if (complaint.starts_with("requires a value"))
    return option + "has no value";
  if (complaint.starts_with("may only occur"))
    return option + "is given twice, expected once";
  if (complaint.starts_with("does not allow a value"))
    return option + "takes no value";
  option += ("is '" + getQuoted(complaint) + "', expected ").str();
  if (complaint.starts_with("Cannot find option named"))
    return option + listValues(name, help);
  return option + describeExpectedValue(complaint).str();
}

std::optional<std::string> mlir::pdq::describeOptionComplaint(StringRef printed,
                                                              StringRef help) {
  size_t place = printed.find("for the -");
  if (place == StringRef::npos)
    return std::nullopt;
  auto [name, complaint] = printed.drop_front(place + 8).split(" option: ");
  return describeOption(name.ltrim('-'), complaint.split('\n').first.trim(),
                        help);
}

/// One line for everything that LLVM's library wrote: `said` about the line as
/// a whole, `printed` about single options.
static std::string describe(StringRef said, StringRef printed, StringRef tool) {
  // A name that is unknown is also tried as letters, in vain.
  constexpr StringRef unknown = "Unknown command line argument ";
  if (said.contains(unknown)) {
    StringRef name = getQuoted(said.split(unknown).second);
    SmallVector<StringRef> known;
    for (auto &[other, option] : cl::getRegisteredOptions())
      known.push_back(other);
    // Names of equal distance: the first of them.
    llvm::sort(known);
    return describeUnknownOption(getOptionName(name.ltrim('-')), known);
  }
  if (std::optional<std::string> message = describeOptionComplaint(printed, ""))
    return *message;
  StringRef text = printed.empty() ? said : printed;
  if (text.contains("Too many positional"))
    return "more than one module is given, expected one file name beside the "
           "options";
  if (text.contains("Not enough positional"))
    return ("no module is given, expected a file name; '" + tool +
            " --help' explains")
        .str();
  return text.trim().str();
}

LogicalResult mlir::pdq::parseCommandLine(int argc, char **argv,
                                          StringRef tool) {
  std::string said;
  llvm::raw_string_ostream stream(said);
  bool isParsed = false;
  std::string printed = captureStderr(
      [&] { isParsed = cl::ParseCommandLineOptions(argc, argv, "", &stream); });
  if (!isParsed) {
    failTool(tool, describe(said, printed, tool));
    return failure();
  }
  llvm::errs() << printed;
  // The library lets the last one win.
  for (const auto &[name, option] : cl::getRegisteredOptions())
    if (option->getNumOccurrences() > 1 &&
        (option->getNumOccurrencesFlag() == cl::Optional ||
         option->getNumOccurrencesFlag() == cl::Required)) {
      failTool(tool, "option '" + name + "' is given twice, expected once");
      return failure();
    }
  return success();
}
