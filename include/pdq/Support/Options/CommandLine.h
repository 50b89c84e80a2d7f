// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command lines of the tools, whose errors have the form of all others.

#ifndef PDQ_SUPPORT_OPTIONS_COMMANDLINE_H
#define PDQ_SUPPORT_OPTIONS_COMMANDLINE_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace mlir::pdq {

/// Parses the arguments into the options that are registered with LLVM's
/// library.
///
/// Errors: one line on stderr, `TOOL: error: ...`, for what is unknown,
/// missing, given twice, or no value of its option.
LogicalResult parseCommandLine(int argc, char **argv, StringRef tool);

/// What LLVM's library, which also parses the options of passes, `printed`
/// about an option, in our words; nothing where that is about something else.
/// `help` is the help text of the passes that are named: values that an option
/// of theirs can have are listed from it.
std::optional<std::string> describeOptionComplaint(StringRef printed,
                                                   StringRef help);

/// Prints an error of the tool and gives the exit code.
int failTool(StringRef tool, const Twine &message);

/// Writes what is left to stdout, and gives the exit code of a tool that came
/// to `status`: a full disk is an error of the tool.
int closeStdout(StringRef tool, int status);

/// True where the arguments ask for help.
bool asksForHelp(int argc, char **argv);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_OPTIONS_COMMANDLINE_H
