// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/InliningUtils.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

#include "pdq/IR/PDQDialect.cpp.inc"

namespace {
/// All operations are pure, so functions and regions with them may be inlined.
struct PDQInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void PDQDialect::initialize() {
  addInterfaces<PDQInlinerInterface>();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "pdq/IR/PDQOps.cpp.inc"
      >();
}

Operation *PDQDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}
