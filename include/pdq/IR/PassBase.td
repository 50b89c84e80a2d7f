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

/// A value of an `EnumOption`: its enumerator in C++, its name on the command
/// line, and what it means.
class OptionValue<string enumerator, string name, string text> {
  string symbol = enumerator;
  string flag = name;
  string meaning = text;
}

/// An option that is one of the enumerators of `type`. Names, help and errors
/// come from `values`; the description lists their names.
class EnumOption<string varName, string arg, string type, string default,
                 string desc, list<OptionValue> values>
  : Option<varName, arg, type, type # "::" # default,
           desc # ": " # !interleave(!foreach(value, values, value.flag), ", "),
           "::llvm::cl::values(" # !interleave(!foreach(value, values,
             "clEnumValN(" # type # "::" # value.symbol # ", \"" # value.flag # "\", \"" # value.meaning # "\")"),
             ", ") # ")">;

#endif // PDQ_IR_PASSBASE_TD
