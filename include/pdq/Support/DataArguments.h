// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arguments of a network that hold samples.

#ifndef PDQ_SUPPORT_DATAARGUMENTS_H
#define PDQ_SUPPORT_DATAARGUMENTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::pdq {

/// The inputs of a network by number, as `rebatch` takes them: each argument
/// has the batch as dimension 0.
inline SmallVector<unsigned> getDataArguments(func::FuncOp network) {
  return llvm::to_vector(llvm::seq<unsigned>(0, network.getNumArguments()));
}

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_DATAARGUMENTS_H
