// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The help that is about pdq; upstream's, with hundreds of passes, would hide
// it.

#ifndef PDQ_OPT_HELP_H
#define PDQ_OPT_HELP_H

#include "mlir/Support/LLVM.h"
#include <string>

namespace mlir::pdq {

/// Prints pdq's pipelines and passes, those of the whole flow first, with the
/// defaults of their options. They are registered as options already.
void printHelp(raw_ostream &os);

/// The help text of a pass or pipeline; empty for other names.
std::string getHelp(StringRef name);

} // namespace mlir::pdq

#endif // PDQ_OPT_HELP_H
