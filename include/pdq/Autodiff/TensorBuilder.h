// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Short ways to write elementwise operations and reductions on tensors.

#ifndef PDQ_AUTODIFF_TENSORBUILDER_H
#define PDQ_AUTODIFF_TENSORBUILDER_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::pdq {

/// Builds the payload of an operation from its scalars.
using Payload =
    function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>;
/// The same with one result.
using ScalarPayload = function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

/// Elementwise operation over the shape of the results, which have the shape of
/// `like` and the types of `elementTypes`. Operands have that shape, rank 0
/// (broadcast), or rank 1 (along `axis`).
SmallVector<Value> buildElementwise(ImplicitLocOpBuilder &b, Value like,
                                    TypeRange elementTypes, ValueRange operands,
                                    Payload payload,
                                    std::optional<int64_t> axis = std::nullopt);

/// The same with one result of the element type of `like`.
Value buildElementwise(ImplicitLocOpBuilder &b, Value like, ValueRange operands,
                       ScalarPayload payload,
                       std::optional<int64_t> axis = std::nullopt);

/// The same where operands of lower rank have the dimensions `along` of `like`.
Value buildElementwiseAlong(ImplicitLocOpBuilder &b, Value like,
                            ArrayRef<int64_t> along, ValueRange operands,
                            ScalarPayload payload);

/// Sum of `payload` over all elements of the shape of `like` but those of the
/// dimensions in `kept`, which index the result. Operands have that shape, rank
/// 0, rank 1 along `axis`, or (rank 2) the shape of the result.
Value buildSum(ImplicitLocOpBuilder &b, Value like, ArrayRef<int64_t> kept,
               ValueRange operands, ScalarPayload payload,
               std::optional<int64_t> axis = std::nullopt);

/// Rank 0 constant tensor.
Value buildScalar(ImplicitLocOpBuilder &b, Type elementType, double value);

/// Floating point constant.
Value buildFloat(ImplicitLocOpBuilder &b, Type type, double value);

/// Uninitialized and zero tensors of the shape and element type of `like`.
Value buildEmptyLike(OpBuilder &b, Location loc, Value like);
Value buildZerosLike(OpBuilder &b, Location loc, Value like);

/// Sum and product of two tensors of one type, or with a scalar of rank 0.
Value buildAdd(ImplicitLocOpBuilder &b, Value lhs, Value rhs);
Value buildMul(ImplicitLocOpBuilder &b, Value lhs, Value rhs);

} // namespace mlir::pdq

#endif // PDQ_AUTODIFF_TENSORBUILDER_H
