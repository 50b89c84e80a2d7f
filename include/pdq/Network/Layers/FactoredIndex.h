// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An index of one tensor as a function of the indices of another one, where
// views and broadcasts lie between the two.

#ifndef PDQ_NETWORK_LAYERS_FACTOREDINDEX_H
#define PDQ_NETWORK_LAYERS_FACTOREDINDEX_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace mlir::pdq {

/// A part of a dimension's index: (index / stride) % size.
struct IndexDigit {
  int64_t dim, stride, size;

  bool operator==(const IndexDigit &other) const {
    return dim == other.dim && stride == other.stride && size == other.size;
  }
};

/// An index as a mixed-radix number whose digits, the most significant one
/// first, are parts of the dimensions of a tensor. Digits of size 1 are left
/// out and neighbours of one dimension joined, so that equal functions have
/// equal digits. The form is closed under reshapes and transposes; what it
/// cannot express is "nothing", and nobody may conclude anything then.
class FactoredIndex {
public:
  /// The index 0, of a dimension of size 1.
  FactoredIndex() = default;
  /// The index of dimension `dim`.
  FactoredIndex(int64_t dim, int64_t size) { append({dim, 1, size}); }

  ArrayRef<IndexDigit> getDigits() const { return digits; }
  /// Number of its values.
  int64_t getSize() const;

  /// Appends faster digits: index * faster.getSize() + faster.
  void append(const FactoredIndex &faster);
  /// (index / stride) % size; nothing where that cuts a digit at no factor.
  std::optional<FactoredIndex> slice(int64_t stride, int64_t size) const;
  /// The same index as a function of the tensor that `dims` are functions of;
  /// `dims` are the dimensions that it is a function of now.
  std::optional<FactoredIndex> substitute(ArrayRef<FactoredIndex> dims) const;

  /// Its value at a position.
  int64_t evaluate(ArrayRef<int64_t> position) const;
  /// Whether it is a function of the dimensions `dims` alone.
  bool dependsOnlyOn(ArrayRef<int64_t> dims) const;

  bool operator==(const FactoredIndex &other) const {
    return digits == other.digits;
  }
  bool operator!=(const FactoredIndex &other) const {
    return !(*this == other);
  }

private:
  void append(IndexDigit digit);

  SmallVector<IndexDigit, 4> digits;
};

/// One index a dimension of a tensor.
using FactoredIndices = SmallVector<FactoredIndex>;

/// The dimensions of a static type as functions of themselves.
FactoredIndices getOwnIndices(RankedTensorType type);

/// The row-major position of an element, whose dimensions have `indices`.
FactoredIndex linearize(ArrayRef<FactoredIndex> indices);

/// Indices as functions of `dims`; nothing where one cannot be expressed.
std::optional<FactoredIndices> substitute(ArrayRef<FactoredIndex> indices,
                                          ArrayRef<FactoredIndex> dims);

/// The dimensions of a view's result as functions of those of its source.
std::optional<FactoredIndices> getResultIndices(Operation *view);

/// The dimensions of what a view or a broadcast reads as functions of those of
/// its result; nothing where `op` is neither.
std::optional<FactoredIndices> getSourceIndices(Operation *op);

/// The dimensions of an operand of a structured operation as functions of those
/// of its result, which every loop indexes.
std::optional<FactoredIndices> getOperandIndices(linalg::LinalgOp op,
                                                 OpOperand &operand);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_LAYERS_FACTOREDINDEX_H
