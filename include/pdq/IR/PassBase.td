// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The base of all passes.

#ifndef PDQ_IR_PASSBASE_TD
#define PDQ_IR_PASSBASE_TD

include "mlir/Pass/PassBase.td"

/// A pass whose options are checked by `OptionCheckingPass`.
class PDQPass<string argument, string operation = "">
  : PassBase<argument, "::mlir::pdq::OptionCheckingPass<" # operation # ">">;

#endif // PDQ_IR_PASSBASE_TD
