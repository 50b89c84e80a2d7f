// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizes and clones payloads of elementwise operations.

#include "pdq/Plan/Analysis/Payloads.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

bool mlir::pdq::isElementwiseGeneric(linalg::GenericOp op) {
  return op->getNumResults() == 1 && op.getNumLoops() > 0 &&
         op.getNumReductionLoops() == 0 && op.hasPureTensorSemantics() &&
         op.getIndexingMapsArray().back().isPermutation() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

bool mlir::pdq::isComputable(linalg::GenericOp op) {
  return isElementwiseGeneric(op) &&
         linalg::allIndexingsAreProjectedPermutation(op);
}

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

Value mlir::pdq::buildElementwise(
    OpBuilder &b, Location loc, RankedTensorType type, ValueRange inputs,
    SmallVector<AffineMap> maps,
    function_ref<Value(OpBuilder &, Location, ValueRange)> payload) {
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  maps.push_back(b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, type, inputs, empty, maps, loops,
             [&](OpBuilder &body, Location at, ValueRange elements) {
               linalg::YieldOp::create(body, at, payload(body, at, elements));
             })
      .getResult(0);
}
