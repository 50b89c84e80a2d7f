// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defined results for what an untrusted module leaves undefined.

#ifndef PDQ_SUPPORT_GUARDSCALARS_H
#define PDQ_SUPPORT_GUARDSCALARS_H

#include "mlir/IR/Operation.h"

namespace mlir::pdq {

/// Guards the scalar operations inside of `root` whose behaviour can be
/// undefined: a position of `tensor.extract` that is not known to be inside of
/// the tensor goes to the nearest that is, and an integer is divided by 1 where
/// the divisor is 0 or the quotient overflows. Without that, a network could
/// read memory that is not its own, or end the program.
///
/// Positions that are constants or counters of a loop of that size, and
/// divisors that are constants, stay as they are.
void guardScalars(Operation *root);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_GUARDSCALARS_H
