// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of the IR as host tensors, and back.

#include "Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// The bytes of a resource, where it holds exactly `bytes` of them.
static std::optional<ArrayRef<char>> getResource(ElementsAttr attr,
                                                 size_t bytes) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getData().size() != bytes)
    return std::nullopt;
  return blob->getData();
}

FailureOr<HostTensor> mlir::pdq::toHostTensor(DenseElementsAttr attr) {
  FailureOr<ElementType> type = pdq::getElementType(attr.getElementType());
  if (failed(type) || getByteSize(*type) < 4)
    return failure();
  HostTensor result(attr.getType().getShape(), *type);
  size_t width = getByteSize(*type);
  ArrayRef<char> raw = attr.getRawData();
  for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
    std::memcpy(static_cast<char *>(result.data()) + width * i,
                raw.data() + (attr.isSplat() ? 0 : width * i), width);
  return result;
}

FailureOr<HostTensor> mlir::pdq::readConstant(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto attr =
      constant ? dyn_cast<ElementsAttr>(constant.getValue()) : ElementsAttr();
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(attr)) {
    FailureOr<HostTensor> result = toHostTensor(dense);
    if (succeeded(result))
      return result;
  } else if (attr) {
    FailureOr<ElementType> type = pdq::getElementType(attr.getElementType());
    if (succeeded(type)) {
      HostTensor result(attr.getShapedType().getShape(), *type);
      if (auto bytes = getResource(attr, result.getNumBytes())) {
        std::memcpy(result.data(), bytes->data(), bytes->size());
        return result;
      }
    }
  }
  emitError(value.getLoc())
      << "expected a constant with data, found a value of type "
      << value.getType();
  return failure();
}

static Type getType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F64:
    return Float64Type::get(context);
  case ElementType::I64:
    return IntegerType::get(context, 64);
  default:
    return IntegerType::get(context, 32);
  }
}

DenseElementsAttr mlir::pdq::getConstantAttr(MLIRContext *context,
                                             const HostTensor &tensor) {
  auto type = RankedTensorType::get(tensor.getShape(),
                                    getType(context, tensor.getElementType()));
  return DenseElementsAttr::getFromRawBuffer(
      type,
      ArrayRef(static_cast<const char *>(tensor.data()), tensor.getNumBytes()));
}

Value mlir::pdq::buildConstant(ImplicitLocOpBuilder &builder,
                               const HostTensor &tensor) {
  return arith::ConstantOp::create(
      builder, getConstantAttr(builder.getContext(), tensor));
}
