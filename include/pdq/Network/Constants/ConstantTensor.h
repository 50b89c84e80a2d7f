// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors whose elements are known at compile time.

#ifndef PDQ_NETWORK_CONSTANTS_CONSTANTTENSOR_H
#define PDQ_NETWORK_CONSTANTS_CONSTANTTENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <memory>
#include <optional>
#include <vector>

namespace mlir::pdq {

/// A number of a type of at most 64 bits: a floating point number as a double
/// that the type can hold; an integer or index sign-extended, but `i1` as 0 or
/// 1.
union Scalar {
  double real;
  int64_t integer;
};

/// Whether scalars of the type are evaluated.
bool isEvaluated(Type type);

/// Rounds to a number of the type, to nearest even.
double roundTo(FloatType type, double value);

/// The integer of the type that has the lowest bits of `value`.
int64_t wrapTo(Type type, int64_t value);

/// A number as an attribute of the type, and back; nothing for other
/// attributes.
TypedAttr getScalarAttribute(Type type, Scalar value);
std::optional<Scalar> readScalar(Attribute attribute);

/// Elements in row-major order; copies share them.
class ConstantTensor {
public:
  /// Zeros.
  explicit ConstantTensor(RankedTensorType type);

  /// The elements of an attribute; nothing where its type is not evaluated or
  /// its data is not there.
  static std::optional<ConstantTensor> read(ElementsAttr attribute);

  RankedTensorType getType() const { return type; }
  ArrayRef<int64_t> getShape() const { return type.getShape(); }
  ArrayRef<Scalar> getElements() const { return *elements; }
  /// Makes the elements its own first.
  MutableArrayRef<Scalar> getMutableElements();

  /// The same elements in another shape.
  ConstantTensor reshape(ArrayRef<int64_t> shape) const;
  /// Dimension i of the result is dimension `order[i]` of this.
  ConstantTensor transpose(ArrayRef<int64_t> order) const;
  /// The first slice along all dimensions whose size is a multiple of `unit`
  /// and whose slices are equal; adds them to `dims`.
  ConstantTensor dropRepetitions(int64_t unit,
                                 SmallVectorImpl<int64_t> &dims) const;

  DenseElementsAttr getAttribute() const;

private:
  RankedTensorType type;
  std::shared_ptr<std::vector<Scalar>> elements;
};

/// Sets `position` to the next one of a shape, the last dimension first.
void advance(MutableArrayRef<int64_t> position, ArrayRef<int64_t> shape);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_CONSTANTS_CONSTANTTENSOR_H
