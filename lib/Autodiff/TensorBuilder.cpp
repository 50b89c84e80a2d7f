// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Short ways to write elementwise operations and reductions on tensors.

#include "pdq/Autodiff/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

/// Map that selects the dimensions `kept` of `rank` loops.
static AffineMap getProjection(Builder &b, int64_t rank,
                               ArrayRef<int64_t> kept) {
  SmallVector<AffineExpr> results;
  for (int64_t dim : kept)
    results.push_back(b.getAffineDimExpr(dim));
  return AffineMap::get(rank, 0, results, b.getContext());
}

/// How an operand is read: as a whole, along the axis, or as a scalar. A
/// tensor of rank 1 that is itself iterated over is read as a whole.
static AffineMap getOperandMap(Builder &b, Value operand, RankedTensorType like,
                               std::optional<int64_t> axis) {
  auto type = cast<RankedTensorType>(operand.getType());
  if (type.getRank() == 0)
    return AffineMap::get(like.getRank(), 0, b.getContext());
  if (type.getRank() == like.getRank())
    return b.getMultiDimIdentityMap(like.getRank());
  assert(type.getRank() == 1 && axis && "operand has no place in the loops");
  return getProjection(b, like.getRank(), *axis);
}

Value mlir::pdq::buildEmptyLike(OpBuilder &b, Location loc, Value like) {
  return tensor::EmptyOp::create(b, loc, tensor::getMixedSizes(b, loc, like),
                                 getElementTypeOrSelf(like.getType()));
}

Value mlir::pdq::buildZerosLike(OpBuilder &b, Location loc, Value like) {
  Value zero = arith::ConstantOp::create(
      b, loc, b.getZeroAttr(getElementTypeOrSelf(like.getType())));
  return linalg::FillOp::create(b, loc, zero, buildEmptyLike(b, loc, like))
      .getResult(0);
}

/// The operation itself; `maps` are those of the operands.
static SmallVector<Value> buildParallel(ImplicitLocOpBuilder &b, Value like,
                                        TypeRange elementTypes,
                                        ValueRange operands,
                                        SmallVector<AffineMap> maps,
                                        Payload payload) {
  int64_t rank = cast<RankedTensorType>(like.getType()).getRank();
  SmallVector<Value> inits;
  SmallVector<Type> types;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), like);
  for (Type elementType : elementTypes) {
    inits.push_back(tensor::EmptyOp::create(b, sizes, elementType));
    types.push_back(inits.back().getType());
    maps.push_back(b.getMultiDimIdentityMap(rank));
  }
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      b, types, operands, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        linalg::YieldOp::create(
            body, payload(body, args.take_front(operands.size())));
      });
  return SmallVector<Value>(op.getResults());
}

SmallVector<Value>
mlir::pdq::buildElementwise(ImplicitLocOpBuilder &b, Value like,
                            TypeRange elementTypes, ValueRange operands,
                            Payload payload, std::optional<int64_t> axis) {
  auto type = cast<RankedTensorType>(like.getType());
  auto maps = llvm::map_to_vector(operands, [&](Value operand) {
    return getOperandMap(b, operand, type, axis);
  });
  return buildParallel(b, like, elementTypes, operands, maps, payload);
}

Value mlir::pdq::buildElementwiseAlong(ImplicitLocOpBuilder &b, Value like,
                                       ArrayRef<int64_t> along,
                                       ValueRange operands,
                                       ScalarPayload payload) {
  auto type = cast<RankedTensorType>(like.getType());
  auto maps = llvm::map_to_vector(operands, [&](Value operand) {
    auto operandType = cast<RankedTensorType>(operand.getType());
    return operandType.getRank() == type.getRank()
               ? b.getMultiDimIdentityMap(type.getRank())
               : getProjection(b, type.getRank(), along);
  });
  return buildParallel(b, like, type.getElementType(), operands, maps,
                       [&](ImplicitLocOpBuilder &body, ValueRange args) {
                         return SmallVector<Value>{payload(body, args)};
                       })
      .front();
}

Value mlir::pdq::buildElementwise(ImplicitLocOpBuilder &b, Value like,
                                  ValueRange operands, ScalarPayload payload,
                                  std::optional<int64_t> axis) {
  return buildElementwise(
             b, like, getElementTypeOrSelf(like.getType()), operands,
             [&](ImplicitLocOpBuilder &body, ValueRange args) {
               return SmallVector<Value>{payload(body, args)};
             },
             axis)
      .front();
}

Value mlir::pdq::buildSum(ImplicitLocOpBuilder &b, Value like,
                          ArrayRef<int64_t> kept, ValueRange operands,
                          ScalarPayload payload, std::optional<int64_t> axis) {
  auto type = cast<RankedTensorType>(like.getType());
  AffineMap resultMap = getProjection(b, type.getRank(), kept);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), like);
  SmallVector<OpFoldResult> resultSizes;
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::reduction);
  for (int64_t dim : kept) {
    resultSizes.push_back(sizes[dim]);
    iterators[dim] = utils::IteratorType::parallel;
  }
  Value empty = tensor::EmptyOp::create(b, resultSizes, type.getElementType());
  Value init = buildZerosLike(b, b.getLoc(), empty);
  SmallVector<AffineMap> maps;
  for (Value operand : operands)
    maps.push_back(kept.size() > 1 && operand.getType() == init.getType()
                       ? resultMap
                       : getOperandMap(b, operand, type, axis));
  maps.push_back(resultMap);
  auto op = linalg::GenericOp::create(
      b, init.getType(), operands, init, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value term = payload(body, args.drop_back());
        linalg::YieldOp::create(
            body, arith::AddFOp::create(body, args.back(), term).getResult());
      });
  return op.getResult(0);
}

Value mlir::pdq::buildScalar(ImplicitLocOpBuilder &b, Type elementType,
                             double value) {
  auto type = RankedTensorType::get({}, elementType);
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, b.getFloatAttr(elementType, value)));
}

Value mlir::pdq::buildFloat(ImplicitLocOpBuilder &b, Type type, double value) {
  return arith::ConstantOp::create(b, FloatAttr::get(type, value));
}

Value mlir::pdq::buildAdd(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return buildElementwise(
      b, lhs, {lhs, rhs},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::AddFOp::create(body, args[0], args[1]);
      });
}

Value mlir::pdq::buildMul(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return buildElementwise(
      b, lhs, {lhs, rhs},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::MulFOp::create(body, args[0], args[1]);
      });
}
