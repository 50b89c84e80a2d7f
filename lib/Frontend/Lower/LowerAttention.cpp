// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention that a frontend left whole: its products are layers like others,
// whose inputs are quantized.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "pdq/Frontend/Lower/LowerTMTensor.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

static Value createEmpty(OpBuilder &b, Location loc,
                         ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(b, loc, sizes, element);
}

/// lhs [B, M, K] times rhs [B, K, N].
static Value multiply(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  Type element = getElementTypeOrSelf(lhs.getType());
  Value empty = createEmpty(b, loc,
                            {tensor::getMixedSize(b, loc, lhs, 0),
                             tensor::getMixedSize(b, loc, lhs, 1),
                             tensor::getMixedSize(b, loc, rhs, 2)},
                            element);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  return linalg::BatchMatmulOp::create(b, loc, ValueRange{lhs, rhs}, init)
      .getResult(0);
}

/// [B, M, K] -> [B, K, M]
static Value transpose(OpBuilder &b, Location loc, Value value) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  std::swap(sizes[1], sizes[2]);
  Value empty =
      createEmpty(b, loc, sizes, getElementTypeOrSelf(value.getType()));
  return linalg::TransposeOp::create(b, loc, value, empty,
                                     ArrayRef<int64_t>{0, 2, 1})
      .getResult()[0];
}

/// scores * scale, plus the mask where there is one.
static Value scale(OpBuilder &b, Location loc, Value scores, double scale,
                   Value mask) {
  Type element = getElementTypeOrSelf(scores.getType());
  SmallVector<Value> inputs = {scores};
  if (mask)
    inputs.push_back(mask);
  Value empty =
      createEmpty(b, loc, tensor::getMixedSizes(b, loc, scores), element);
  SmallVector<AffineMap> maps(inputs.size() + 1, b.getMultiDimIdentityMap(3));
  SmallVector<utils::IteratorType> loops(3, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &inner, Location l, ValueRange args) {
    Value factor =
        arith::ConstantOp::create(inner, l, b.getFloatAttr(element, scale));
    Value result = arith::MulFOp::create(inner, l, args[0], factor);
    if (mask)
      result = arith::AddFOp::create(inner, l, result, args[1]);
    linalg::YieldOp::create(inner, l, result);
  };
  return linalg::GenericOp::create(b, loc, empty.getType(), inputs, empty, maps,
                                   loops, body)
      .getResult(0);
}

LogicalResult mlir::pdq::lowerAttention(Operation *op,
                                        PatternRewriter &rewriter) {
  size_t count = op->getNumOperands();
  auto query = count ? dyn_cast<RankedTensorType>(op->getOperand(0).getType())
                     : RankedTensorType();
  // The last operand is where the result goes.
  bool isKnown = (count == 4 || count == 5) && op->getNumResults() == 1 &&
                 query && isa<FloatType>(query.getElementType()) &&
                 !query.isDynamicDim(query.getRank() - 1);
  auto hasRank3 = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 3 &&
           tensor.getElementType() == query.getElementType();
  };
  if (!isKnown || !llvm::all_of(op->getOperandTypes(), hasRank3))
    return rewriter.notifyMatchFailure(op, "operands are not [B, M, K]");
  Location loc = op->getLoc();
  Value scores = multiply(rewriter, loc, op->getOperand(0),
                          transpose(rewriter, loc, op->getOperand(1)));
  scores = scale(rewriter, loc, scores,
                 1 / std::sqrt(static_cast<double>(query.getDimSize(2))),
                 count == 5 ? op->getOperand(3) : Value());
  Value empty =
      createEmpty(rewriter, loc, tensor::getMixedSizes(rewriter, loc, scores),
                  query.getElementType());
  Value shares = linalg::SoftmaxOp::create(rewriter, loc, scores.getType(),
                                           scores, empty, /*dimension=*/2)
                     .getResult()[0];
  Value result = multiply(rewriter, loc, shares, op->getOperand(2));
  if (result.getType() != op->getResult(0).getType())
    result = tensor::CastOp::create(rewriter, loc, op->getResult(0).getType(),
                                    result);
  rewriter.replaceOp(op, result);
  return success();
}
