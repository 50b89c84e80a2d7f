// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Destinations of results: compiled functions return nothing, they fill buffers
// that the caller owns.

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_STORERESULTS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;
using bufferization::BufferizationDialect;
using bufferization::MaterializeInDestinationOp;

/// The argument or the computed value that `value` is or is a view of.
static Value getViewedValue(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, tensor::CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Adds one argument for every result that is not stored in place. Returns the
/// destination of each result.
static SmallVector<BlockArgument> addDestinations(func::FuncOp function) {
  SmallVector<BlockArgument> destinations;
  OpBuilder builder(function);
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    unsigned index = function.getNumArguments();
    if (auto inPlace =
            function.getResultAttrOfType<IntegerAttr>(i, plan::inPlaceName)) {
      index = inPlace.getInt();
    } else {
      NamedAttrList attributes;
      attributes.set(plan::resultName, builder.getI64IntegerAttr(i));
      (void)function.insertArgument(
          index, function.getResultTypes()[i],
          attributes.getDictionary(function.getContext()), function.getLoc());
    }
    destinations.push_back(function.getArgument(index));
  }
  return destinations;
}

/// Copies of results that cannot be computed in their destination: views of an
/// argument which another result overwrites, so that the stores may run in any
/// order, and what an earlier result is, too.
static void copySharedResults(func::ReturnOp terminator,
                              ArrayRef<BlockArgument> destinations) {
  OpBuilder builder(terminator);
  Location loc = terminator.getLoc();
  DenseSet<Value> computed;
  for (OpOperand &result : terminator->getOpOperands()) {
    Value viewed = getViewedValue(result.get());
    auto argument = dyn_cast<BlockArgument>(viewed);
    bool shared = argument
                      ? argument != destinations[result.getOperandNumber()] &&
                            llvm::is_contained(destinations, argument)
                      : !computed.insert(viewed).second;
    if (!shared)
      continue;
    auto type = cast<RankedTensorType>(result.get().getType());
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
    result.set(
        linalg::CopyOp::create(builder, loc, result.get(), empty).getResult(0));
  }
}

static void storeResults(func::FuncOp function) {
  SmallVector<BlockArgument> destinations = addDestinations(function);
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  copySharedResults(terminator, destinations);
  OpBuilder builder(terminator);
  for (OpOperand &result : terminator->getOpOperands()) {
    Value destination = destinations[result.getOperandNumber()];
    auto store = MaterializeInDestinationOp::create(
        builder, terminator.getLoc(), destination.getType(), result.get(),
        destination);
    result.set(store.getResult());
  }
  for (BlockArgument argument : function.getArguments())
    function.setArgAttr(
        argument.getArgNumber(), BufferizationDialect::kWritableAttrName,
        builder.getBoolAttr(llvm::is_contained(destinations, argument)));
}

namespace {
struct StoreResults : mlir::pdq::impl::StoreResultsBase<StoreResults> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      storeResults(function);
  }
};
} // namespace
