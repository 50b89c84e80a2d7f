// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One storage for all constants of the exported module: those that pdq made are
// dense, those that the frontend left may be resources.

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "pdq/Export/Passes.h"
#include "pdq/Network/Constants/ConstantTensor.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INLINERESOURCES
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// The elements of a resource as they are in memory, or null where its data is
/// not there or its layout is not that of dense elements.
static DenseElementsAttr readResource(DenseResourceElementsAttr resource) {
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return {};
  ShapedType type = resource.getType();
  Type element = type.getElementType();
  // A boolean is a byte of a resource, and a bit of dense elements.
  if (element.isInteger(1)) {
    auto tensor = ConstantTensor::read(resource);
    return tensor ? tensor->getAttribute() : DenseElementsAttr();
  }
  if (!element.isIntOrIndexOrFloat())
    return {};
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  ArrayRef<char> data = blob->getData();
  if (bits % 8 != 0 ||
      static_cast<int64_t>(data.size()) != type.getNumElements() * (bits / 8))
    return {};
  return DenseElementsAttr::getFromRawBuffer(type, data);
}

namespace {
struct InlineResources : pdq::impl::InlineResourcesBase<InlineResources> {
  using InlineResourcesBase::InlineResourcesBase;

  void runOnOperation() override {
    SmallVector<DenseResourceElementsAttr> unread;
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](DenseResourceElementsAttr resource) {
      DenseElementsAttr dense = readResource(resource);
      if (!dense)
        unread.push_back(resource);
      numInlined += dense ? 1 : 0;
      return dense ? Attribute(dense) : Attribute(resource);
    });
    getOperation()->walk([&](Operation *op) {
      replacer.replaceElementsIn(op);
      for (DenseResourceElementsAttr resource : unread)
        op->emitRemark("resource '")
            << resource.getRawHandle().getKey() << "' of type "
            << resource.getType()
            << " stays a resource: its bytes are not those of the type";
      unread.clear();
    });
  }
};
} // namespace
