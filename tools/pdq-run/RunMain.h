// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `pdq-run` as a function: for the program of that name, and for the one that
// holds all tools.

#ifndef PDQ_TOOLS_RUNMAIN_H
#define PDQ_TOOLS_RUNMAIN_H

namespace mlir::pdq {

/// The whole tool; returns the exit code.
int runMain(int argc, char **argv);

} // namespace mlir::pdq

#endif // PDQ_TOOLS_RUNMAIN_H
