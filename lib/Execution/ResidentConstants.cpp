// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes -> memory.

#include "ResidentConstants.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
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

FailureOr<std::shared_ptr<HostTensor>>
ResidentConstants::get(ElementsAttr value) {
  std::weak_ptr<HostTensor> &slot = resident[value];
  if (std::shared_ptr<HostTensor> known = slot.lock())
    return known;
  FailureOr<HostTensor> elements = getElements(value);
  if (failed(elements))
    return failure();
  auto tensor = std::make_shared<HostTensor>(std::move(*elements));
  slot = tensor;
  return tensor;
}
