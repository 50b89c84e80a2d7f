// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and making constant tensors of floats.

#include "Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::pdq;

std::optional<SmallVector<float>> mlir::pdq::readFloats(Value constant) {
  auto op = constant.getDefiningOp<arith::ConstantOp>();
  auto attr = op ? dyn_cast<ElementsAttr>(op.getValue()) : ElementsAttr();
  if (!attr || !attr.getElementType().isF32())
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return SmallVector<float>(dense.getValues<float>());
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  size_t count = attr.getNumElements();
  if (!blob || blob->getData().size() != count * sizeof(float))
    return std::nullopt;
  SmallVector<float> elements(count);
  std::memcpy(elements.data(), blob->getData().data(), count * sizeof(float));
  return elements;
}

Value mlir::pdq::buildFloats(OpBuilder &builder, Location loc,
                             RankedTensorType type, ArrayRef<float> elements) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, elements));
}
