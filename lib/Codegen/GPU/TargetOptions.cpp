// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the options `math` and `chip` may be.

#include "pdq/Codegen/GPU/TargetOptions.h"
#include "mlir/IR/Diagnostics.h"
#include "pdq/Support/Options/OptionsLocation.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<MatrixMath> mlir::pdq::readMath(MLIRContext *context,
                                          StringRef math) {
  std::optional<MatrixMath> precision = findMatrixMath(math);
  if (precision)
    return *precision;
  return emitError(getOptionsLocation(context))
         << "option 'math' is '" << math
         << "', expected 'fp32', 'tf32' or 'bf16'";
}

LogicalResult mlir::pdq::checkChip(MLIRContext *context, StringRef chip) {
  constexpr unsigned oldest = 80;
  StringRef number = chip;
  unsigned capability = 0;
  bool isKnown = number.consume_front("sm_") &&
                 !number.consumeInteger(10, capability) &&
                 capability >= oldest &&
                 (number.empty() || number == "a" || number == "f");
  if (chip.empty() || isKnown)
    return success();
  return emitError(getOptionsLocation(context))
         << "option 'chip' is '" << chip
         << "', expected 'sm_80' or a later one";
}
