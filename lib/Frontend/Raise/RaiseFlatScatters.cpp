// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scatter of TOSA writes rows of one dimension, into which frontends flatten
// the tensor and its batch, as for a gather. It becomes the scatter of
// torch-mlir, which writes at coordinates; upstream has no lowering of its own.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "pdq/Frontend/Raise/RaiseFlatGathers.h"
#include "pdq/Frontend/Scatter/LowerScatter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Coordinates as one tensor [W, n].
static Value joinCoordinates(PatternRewriter &rewriter, Location loc,
                             const Coordinates &coordinates) {
  SmallVector<Value> columns;
  int64_t total = ShapedType::getNumElements(coordinates.shape);
  for (Value values : coordinates.values)
    columns.push_back(reshapeTo(rewriter, values, {total, 1}));
  if (columns.size() == 1)
    return columns.front();
  return tensor::ConcatOp::create(rewriter, loc, 1, columns);
}

/// A scatter into `original` [d0, d1, ..., channels] that replaces what it
/// writes to.
static OperationState describeScatter(PatternRewriter &rewriter, Location loc,
                                      Value updates, Value coordinates,
                                      Value original) {
  int64_t number = cast<RankedTensorType>(coordinates.getType()).getDimSize(1);
  OperationState state(loc, "tm_tensor.scatter");
  state.addOperands({updates, coordinates, original});
  state.addTypes(original.getType());
  state.addAttribute("dimension_map",
                     rewriter.getDenseI64ArrayAttr(
                         llvm::to_vector(llvm::seq<int64_t>(0, number))));
  Region *body = state.addRegion();
  Type element = cast<RankedTensorType>(original.getType()).getElementType();
  OpBuilder::InsertionGuard guard(rewriter);
  Block *block =
      rewriter.createBlock(body, body->end(), {element, element}, {loc, loc});
  OperationState yield(loc, "tm_tensor.yield");
  yield.addOperands(block->getArgument(0));
  rewriter.create(yield);
  return state;
}

/// Coordinates of rows [N, K, channels] that are written to at `indices`
/// [N, W]: the number of the row, and the index.
static Coordinates countRows(PatternRewriter &rewriter, Value indices,
                             int64_t size) {
  auto type = cast<RankedTensorType>(indices.getType());
  SmallVector<APInt> numbers;
  unsigned width = type.getElementType().getIntOrFloatBitWidth();
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i)
    numbers.push_back(APInt(width, i / type.getDimSize(1)));
  Value rows = arith::ConstantOp::create(rewriter, indices.getLoc(),
                                         DenseElementsAttr::get(type, numbers));
  return {{rows, indices},
          SmallVector<int64_t>(type.getShape()),
          {type.getDimSize(0), size}};
}

static LogicalResult raiseFlatScatter(tosa::ScatterOp op,
                                      PatternRewriter &rewriter) {
  auto rows = dyn_cast<RankedTensorType>(op.getValuesIn().getType());
  auto updates = dyn_cast<RankedTensorType>(op.getInput().getType());
  auto indices = dyn_cast<RankedTensorType>(op.getIndices().getType());
  if (!rows || !updates || !indices || !rows.hasStaticShape() ||
      !updates.hasStaticShape() || !indices.hasStaticShape() ||
      rows.getNumElements() == 0)
    return rewriter.notifyMatchFailure(op, "shape is not static");
  FailureOr<Coordinates> coordinates = failure();
  if (rows.getDimSize(0) == 1)
    coordinates = raiseCoordinates(rewriter, op.getIndices(),
                                   rows.getDimSize(1), getBatchOf(op));
  if (failed(coordinates))
    coordinates = countRows(rewriter, op.getIndices(), rows.getDimSize(1));
  SmallVector<int64_t> sizes(coordinates->sizes);
  sizes.push_back(rows.getDimSize(2));
  Location loc = op.getLoc();
  OperationState state =
      describeScatter(rewriter, loc,
                      reshapeTo(rewriter, op.getInput(),
                                {updates.getDimSize(0) * updates.getDimSize(1),
                                 updates.getDimSize(2)}),
                      joinCoordinates(rewriter, loc, *coordinates),
                      reshapeTo(rewriter, op.getValuesIn(), sizes));
  Value written = rewriter.create(state)->getResult(0);
  rewriter.replaceOp(op, reshapeTo(rewriter, written, rows.getShape()));
  return success();
}

void mlir::pdq::populateRaiseFlatScattersPatterns(RewritePatternSet &patterns) {
  patterns.add(raiseFlatScatter);
}
