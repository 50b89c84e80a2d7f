// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes of an ONNX graph, with the types that follow.

#ifndef PDQ_LIB_EXPORT_ONNX_GRAPHBUILDER_H
#define PDQ_LIB_EXPORT_ONNX_GRAPHBUILDER_H

#include "mlir/IR/Builders.h"
#include "pdq/Export/Onnx/OnnxGraph.h"

namespace mlir::pdq {

/// A dimension of a tensor: its size where that is static, else a tensor<1xi64>
/// that holds it.
struct Size {
  int64_t size = ShapedType::kDynamic;
  Value tensor;

  Size(int64_t size) : size(size) {}
  Size(Value tensor) : tensor(tensor) {}
  bool isDynamic() const { return ShapedType::isDynamic(size); }
};

/// Makes nodes. A null value stands for one that could not be converted, about
/// which an error was emitted: what is made from it is null.
class GraphBuilder {
public:
  explicit GraphBuilder(MLIRContext *context)
      : b(context), loc(UnknownLoc::get(context)) {}

  OpBuilder b;
  Location loc;

  Value node(StringRef operatorType, ValueRange inputs, Type result,
             ArrayRef<NamedAttribute> attributes = {});
  NamedAttribute attribute(StringRef name, int64_t value);
  NamedAttribute attribute(StringRef name, ArrayRef<int64_t> values);
  NamedAttribute attribute(StringRef name, StringRef value);

  /// Constants; those of the same elements are one.
  Value initializer(DenseElementsAttr elements);
  /// A scalar, and a vector of i64.
  Value scalar(TypedAttr number);
  Value integers(ArrayRef<int64_t> values);

  /// An operator on elements, of tensors that are broadcast to each other. The
  /// elements of the result have the type of the first input's unless it is
  /// given.
  Value elementwise(StringRef operatorType, ValueRange inputs,
                    Type elementType = {},
                    ArrayRef<NamedAttribute> attributes = {});
  Value cast(Value input, Type elementType);
  Value transpose(Value input, ArrayRef<int64_t> permutation);
  /// Puts dimensions of size 1 in front of `axes` of the result.
  Value unsqueeze(Value input, ArrayRef<int64_t> axes);
  Value squeeze(Value input, ArrayRef<int64_t> axes);
  Value reshape(Value input, ArrayRef<Size> sizes);
  Value expand(Value input, ArrayRef<Size> sizes);
  /// The elements start + i * step below `end` of some dimensions.
  Value slice(Value input, ArrayRef<int64_t> axes, Value starts, Value ends,
              Value steps, ArrayRef<int64_t> resultShape);
  Value concat(ValueRange inputs, int64_t axis);
  Value reduce(StringRef operatorType, Value input, ArrayRef<int64_t> axes);

  /// Dimension `dim` of a tensor.
  Size getSize(Value tensor, int64_t dim);
  SmallVector<Size> getSizes(Value tensor);
  /// Sizes as tensor<rank x i64>.
  Value buildShape(ArrayRef<Size> sizes);

private:
  Value reshapeConstant(Value input, ArrayRef<int64_t> shape);

  DenseMap<Attribute, Value> initializers;
};

/// The sizes as a tensor's type has them.
SmallVector<int64_t> getStaticShape(ArrayRef<Size> sizes);

inline RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_ONNX_GRAPHBUILDER_H
