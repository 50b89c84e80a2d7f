// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant tensors as C++ arrays, whatever attribute stores them: frontends
// hand over weights as dense resources, folders as dense elements.

#ifndef PDQ_SUPPORT_CONSTANTS_H
#define PDQ_SUPPORT_CONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"
#include <optional>

namespace mlir::pdq {

/// The elements of a constant tensor in row-major order, or nothing where
/// `value` is no constant, `T` is not its element type (a blob of another size
/// than the type says counts as that, too).
template <typename T> std::optional<SmallVector<T>> readConstant(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    auto values = dense.tryGetValues<T>();
    if (failed(values))
      return std::nullopt;
    return SmallVector<T>(values->begin(), values->end());
  }
  auto resource =
      dyn_cast<::mlir::detail::DenseResourceElementsAttrBase<T>>(attribute);
  if (!resource)
    return std::nullopt;
  auto values = resource.tryGetAsArrayRef();
  int64_t expected = resource.getType().getNumElements();
  if (!values || static_cast<int64_t>(values->size()) != expected)
    return std::nullopt;
  return SmallVector<T>(*values);
}

/// The index along `axis` of each element, visited in row-major order: calls
/// `visit(linearIndex, axisIndex)`. Without an axis the index is 0.
template <typename Fn>
void forEachAlongAxis(ArrayRef<int64_t> shape, std::optional<int64_t> axis,
                      Fn visit) {
  int64_t count = ShapedType::getNumElements(shape);
  int64_t size = axis ? shape[*axis] : 1;
  int64_t stride =
      axis ? ShapedType::getNumElements(shape.drop_front(*axis + 1)) : count;
  for (int64_t i = 0; i < count; ++i)
    visit(i, (i / stride) % size);
}

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_CONSTANTS_H
