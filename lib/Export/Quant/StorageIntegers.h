// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The integers of quantized values, in types that back ends have.

#ifndef PDQ_LIB_EXPORT_QUANT_STORAGEINTEGERS_H
#define PDQ_LIB_EXPORT_QUANT_STORAGEINTEGERS_H

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Export/Passes.h"

namespace mlir::pdq {

/// Finds the storage integers of quantized values.
class StorageIntegers {
public:
  StorageIntegers(IRRewriter &rewriter, IntegerStorage storage)
      : rewriter(rewriter), storage(storage) {}

  /// The integers of `quantized`, which has element type `type`: those it was
  /// cast from, where it was, so that a constant is seen. With storage in i8,
  /// narrower ones are extended where they are made: constants, and structured
  /// operations that convert floating point numbers. Others get an extension.
  Value get(Location loc, Value quantized, quant::QuantizedType type);

  /// The integers extended to i8, whatever the storage is; of at most 8 bits.
  Value getI8(Location loc, Value quantized, quant::QuantizedType type);

  /// Remarks at the storage casts below `root` that still need narrow integers.
  void remarkNarrow(Operation *root);

private:
  Value widen(Location loc, Value integers, bool isSigned);
  Value widenWhereMade(Value integers, bool isSigned);

  IRRewriter &rewriter;
  IntegerStorage storage;
  /// By the narrow integers.
  DenseMap<Value, Value> widened;
};

/// Applies `buildScalar` to an integer or to all elements of a tensor of them.
Value buildOnElements(OpBuilder &builder, Location loc, Value input,
                      Type elementType,
                      function_ref<Value(OpBuilder &, Location, Value)> build);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_QUANT_STORAGEINTEGERS_H
