// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of the universal rule for structured operations.

#ifndef PDQ_LIB_AUTODIFF_RULES_STRUCTURED_LINALGVJP_H
#define PDQ_LIB_AUTODIFF_RULES_STRUCTURED_LINALGVJP_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::pdq {

/// How a structured operation combines its payload with the initial value.
enum class Combiner { None, Sum, Product, Max, Min, Unsupported };

/// A result of a structured operation: combiner(initial value, term).
struct CombinedResult {
  Combiner combiner;
  /// Inside the payload. That of a sum is all that is yielded: its derivative
  /// with respect to anything but the initial value does not depend on it.
  Value term;
};

CombinedResult classifyResult(linalg::LinalgOp op, unsigned result);

/// What a step of a payload reads: its operands, and what its regions use.
SmallVector<Value> getPayloadOperands(Operation *step);

/// Operations of `block` that `value` depends on, in order.
SmallVector<Operation *> getPayloadSlice(Block &block, Value value);

/// Loops of the adjoint with respect to an operand read through `map`: a loop
/// is parallel if it is one whole result of the map and occurs in no other.
SmallVector<utils::IteratorType> getAdjointIterators(AffineMap map);

/// Part of a result of `op`, which stores `term` or adds it up, and the
/// cotangent of this result.
struct ResultTerm {
  linalg::LinalgOp op;
  unsigned result;
  Value term;
  Value cotangent;
};

/// Cotangent of an input. Same loops as the operation, payload transposed; null
/// where the term does not depend on it. Failure after a diagnostic.
FailureOr<Value> buildInputVJP(OpBuilder &builder, const ResultTerm &part,
                               OpOperand *input);

/// Cotangent of the element that `read` takes of a tensor from outside of the
/// payload, in each iteration: a tensor over all loops. Null and failure as
/// above.
FailureOr<Value> buildReadElementVJP(OpBuilder &builder, const ResultTerm &part,
                                     tensor::ExtractOp read);

/// Cotangent of the tensor that `read` takes elements of in the payload of
/// `op`: sums `elements`, the cotangents over all loops, where they were taken
/// from, in a fixed order.
Value buildReadVJP(OpBuilder &builder, linalg::LinalgOp op,
                   tensor::ExtractOp read, Value elements);

/// The elementwise operation over all loops of `op` that stores `term`.
linalg::GenericOp buildTerms(OpBuilder &builder, linalg::LinalgOp op,
                             Value term);

/// Cotangents of what is combined over the reduction loops.
struct CombinedCotangents {
  /// Of the term's tensor. Of a maximum (minimum) the first element in loop
  /// order that is the extremum gets it.
  Value terms;
  /// Of the initial value. Of an extremum it gets it where no element is it.
  Value initial;
};

/// The cotangents of result `result`, whose terms are `operands[input]`, read
/// through `maps[input]`; the other operands give loops their bounds. Failure
/// after a diagnostic.
FailureOr<CombinedCotangents>
buildExtremumVJP(OpBuilder &builder, linalg::LinalgOp op, unsigned result,
                 Value cotangent, ValueRange operands, ArrayRef<AffineMap> maps,
                 unsigned input, bool needsInitial);

/// The same of a product over the reduction loops of `terms`, which has all
/// loops of `op`. Takes as many steps as there are pairs of factors.
CombinedCotangents buildProductVJP(OpBuilder &builder, linalg::LinalgOp op,
                                   unsigned result, Value cotangent,
                                   Value terms, bool needsInitial);

} // namespace mlir::pdq

#endif // PDQ_LIB_AUTODIFF_RULES_STRUCTURED_LINALGVJP_H
