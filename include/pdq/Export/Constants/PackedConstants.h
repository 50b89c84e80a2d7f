// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers narrower than a byte as a stream of bits, and the operations that
// take them out of it.

#ifndef PDQ_EXPORT_CONSTANTS_PACKEDCONSTANTS_H
#define PDQ_EXPORT_CONSTANTS_PACKEDCONSTANTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace mlir::pdq {

/// The layout of packed integers of `bits` bits: element i has the bits
/// [i * bits, (i + 1) * bits) of a stream whose bit k is bit k % 8 of byte
/// k / 8, counted from the lowest. `elements` of them fill `bytes` bytes, the
/// smallest group with a whole number of both; the stream ends with zero bits
/// behind the last element of the last group.
struct PackedLayout {
  explicit PackedLayout(unsigned bits);

  unsigned bits, elements, bytes;
};

/// Whether integers of the type are packed: 2 to 7 bits, without a sign of its
/// own.
bool isPackedType(Type elementType);

/// The groups of `integers`, i8 of shape [groups, bytes]; [groups] where a
/// group is one byte.
DenseElementsAttr packIntegers(DenseIntElementsAttr integers);

/// Emits operations of arith, linalg and tensor that give the tensor of `type`
/// that was packed into `groups`.
Value buildUnpack(OpBuilder &builder, Location loc, DenseElementsAttr groups,
                  RankedTensorType type);

/// Integers of a constant, or of a tensor of a packed type that is computed
/// from constants; null for other values.
DenseIntElementsAttr readIntegers(Value value);

} // namespace mlir::pdq

#endif // PDQ_EXPORT_CONSTANTS_PACKEDCONSTANTS_H
