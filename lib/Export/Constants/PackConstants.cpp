// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small files: MLIR stores an integer of 2 bits in a byte, and so four times
// what a weight has.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Export/Constants/PackedConstants.h"
#include "pdq/Export/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_PACKCONSTANTS
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct PackConstants : pdq::impl::PackConstantsBase<PackConstants> {
  using PackConstantsBase::PackConstantsBase;

  void runOnOperation() override {
    SmallVector<arith::ConstantOp> constants;
    getOperation()->walk([&](arith::ConstantOp op) {
      if (isPacked(op))
        constants.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (arith::ConstantOp op : constants) {
      rewriter.setInsertionPoint(op);
      auto integers = cast<DenseIntElementsAttr>(op.getValue());
      rewriter.replaceOp(op, buildUnpack(rewriter, op.getLoc(),
                                         packIntegers(integers),
                                         cast<RankedTensorType>(op.getType())));
    }
    numPacked = constants.size();
  }

  /// A splat has one element, whatever its shape is.
  bool isPacked(arith::ConstantOp op) const {
    auto integers = dyn_cast<DenseIntElementsAttr>(op.getValue());
    return integers && !integers.isSplat() &&
           isa<RankedTensorType>(op.getType()) &&
           isPackedType(integers.getElementType()) &&
           integers.getNumElements() >= static_cast<int64_t>(minElements);
  }
};
} // namespace
