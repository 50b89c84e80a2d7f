// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clones payloads.

#include "pdq/Plan/Analysis/Payloads.h"

using namespace mlir;

Value mlir::pdq::clonePayload(OpBuilder &b, linalg::GenericOp op,
                              IRMapping &mapping, ArrayRef<Value> loops) {
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      mapping.map(index.getResult(), loops[index.getDim()]);
    else
      b.clone(inner, mapping);
  }
  return mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0));
}
