// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor that is put together from slices: what each of them is, and where it
// lies.

#ifndef PDQ_PLAN_ANALYSIS_INSERTSLICECHAIN_H
#define PDQ_PLAN_ANALYSIS_INSERTSLICECHAIN_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Where a slice lies in a tensor: per dimension the first element, the number
/// of elements, and their distance.
struct StaticSlice {
  SmallVector<int64_t> offsets, sizes, strides;

  /// The box of a slice of the same rank as its tensor; nothing where a number
  /// is not static, a stride not above 0, or the slice has fewer dimensions.
  static std::optional<StaticSlice> get(OffsetSizeAndStrideOpInterface op);
  /// All of a tensor of this shape.
  static StaticSlice getWhole(ArrayRef<int64_t> shape);

  /// The slice of `tensor`.
  Value extractFrom(OpBuilder &b, Location loc, Value tensor) const;
  /// `tensor` with `slice` in this place.
  Value insertInto(OpBuilder &b, Location loc, Value slice, Value tensor) const;
  /// The place in the outer tensor of a slice of the slice.
  StaticSlice compose(const StaticSlice &inner) const;
  bool isDisjointFrom(const StaticSlice &other) const;
  int64_t getNumElements() const;
  bool operator==(const StaticSlice &other) const;
};

/// One slice.
struct Piece {
  Value source;
  StaticSlice box;
};

/// A chain of `tensor.insert_slice`: a base, and disjoint pieces on top of it,
/// the first inserted first.
struct InsertSliceChain {
  Value base;
  SmallVector<Piece> pieces;

  /// The longest chain with disjoint pieces that ends with `value`. With
  /// `flatten` pieces that are chains themselves are taken apart.
  static InsertSliceChain get(Value value, bool flatten = true);

  /// Whether the base is a tensor of zeros.
  bool isZeroBased() const;
  /// Whether nothing of the base is left.
  bool isCovered() const;
  /// Makes the chain anew in the block of its base, over an empty tensor if
  /// nothing is left of the base. Each piece is inserted where it is computed,
  /// so that it can be computed in its place.
  Value build(RewriterBase &rewriter, Location loc) const;

private:
  bool isDisjointFrom(const StaticSlice &box) const;
  void addLink(tensor::InsertSliceOp link, const StaticSlice &box,
               bool flatten);
};

/// The first operation that writes to the destination in which `value` is
/// computed; null for block arguments.
Operation *getFirstWriter(Value value);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_INSERTSLICECHAIN_H
