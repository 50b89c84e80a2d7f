// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Public functions that the executor calls: arguments, results stored in
// place, and the passes that make them executable.

#ifndef PDQ_CALIBRATION_PROGRAMS_PROGRAM_H
#define PDQ_CALIBRATION_PROGRAMS_PROGRAM_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::pdq {

/// Writes one public function, argument by argument.
class ProgramBuilder {
public:
  ProgramBuilder(ModuleOp module, StringRef name);

  ImplicitLocOpBuilder &getBuilder() { return builder; }
  Value addArgument(RankedTensorType type);

  /// The buffer of `argument` holds `value` after a call.
  void store(Value argument, Value value);

  /// Calls `callee`; returns its results.
  ValueRange call(func::FuncOp callee, ValueRange arguments);

  /// Ends the function; it returns `results` beside what is stored in place.
  void finish(ValueRange results = {});

private:
  func::FuncOp function;
  ImplicitLocOpBuilder builder;
  SmallVector<std::pair<unsigned, Value>> stores;
};

/// Makes the public functions of `module` executable: inlines, differentiates,
/// decomposes and simplifies. Emits diagnostics on failure.
LogicalResult lowerPrograms(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRAMS_PROGRAM_H
