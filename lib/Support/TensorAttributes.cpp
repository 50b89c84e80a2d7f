// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of the IR as host tensors, and back.

#include "pdq/Support/TensorAttributes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

/// The buffer type for elements of `type`; an index is an i64.
static FailureOr<ElementType> getStorageType(Type type) {
  if (type.isIndex())
    return ElementType::I64;
  if (auto integer = dyn_cast<IntegerType>(type))
    if (integer.getWidth() < 8 && integer.getWidth() > 1)
      return ElementType::I8;
  return pdq::getElementType(type);
}

/// Copies integers or the bits of floats, little endian.
static void copyBits(DenseElementsAttr value, HostTensor &tensor) {
  unsigned bytes = getByteSize(tensor.getElementType());
  char *destination = static_cast<char *>(tensor.data());
  auto store = [&](const APInt &bits) {
    uint64_t word = bits.getZExtValue();
    std::memcpy(destination, &word, bytes);
    destination += bytes;
  };
  if (isa<FloatType>(value.getElementType()))
    for (const APFloat &element : value.getValues<APFloat>())
      store(element.bitcastToAPInt());
  else
    for (const APInt &element : value.getValues<APInt>())
      store(element);
}

FailureOr<HostTensor> mlir::pdq::getElements(ElementsAttr value) {
  FailureOr<ElementType> type = getStorageType(value.getElementType());
  if (failed(type))
    return failure();
  HostTensor tensor(value.getShapedType().getShape(), *type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != tensor.getNumBytes())
      return failure();
    std::memcpy(tensor.data(), blob->getData().data(), tensor.getNumBytes());
    return std::move(tensor);
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return failure();
  if (!dense.isSplat() && dense.getRawData().size() == tensor.getNumBytes())
    std::memcpy(tensor.data(), dense.getRawData().data(), tensor.getNumBytes());
  else
    copyBits(dense, tensor);
  return std::move(tensor);
}

FailureOr<HostTensor> mlir::pdq::readElements(Value value) {
  ElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements))) {
    FailureOr<HostTensor> tensor = getElements(elements);
    if (succeeded(tensor))
      return tensor;
  }
  emitError(value.getLoc())
      << "expected a constant with data, found a value of type "
      << value.getType();
  return failure();
}

static Type getScalarType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::I1:
    return IntegerType::get(context, 1);
  case ElementType::I8:
    return IntegerType::get(context, 8);
  case ElementType::U8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case ElementType::I32:
    return IntegerType::get(context, 32);
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F64:
    return Float64Type::get(context);
  case ElementType::I64:
    return IntegerType::get(context, 64);
  }
  llvm_unreachable("unknown element type");
}

DenseElementsAttr mlir::pdq::getAttribute(MLIRContext *context,
                                          const HostTensor &tensor) {
  auto type = RankedTensorType::get(
      tensor.getShape(), getScalarType(context, tensor.getElementType()));
  if (tensor.getElementType() == ElementType::I1)
    return DenseElementsAttr::get(
        type, ArrayRef(static_cast<const bool *>(tensor.data()),
                       tensor.getNumElements()));
  return DenseElementsAttr::getFromRawBuffer(
      type,
      ArrayRef(static_cast<const char *>(tensor.data()), tensor.getNumBytes()));
}

Value mlir::pdq::buildConstant(ImplicitLocOpBuilder &builder,
                               const HostTensor &tensor) {
  return arith::ConstantOp::create(builder,
                                   getAttribute(builder.getContext(), tensor));
}
