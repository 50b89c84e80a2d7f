// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes -> memory.

#include "ConstantPool.h"
#include "pdq/Support/TensorAttributes.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<std::shared_ptr<HostTensor>> ConstantPool::get(ElementsAttr value) {
  std::weak_ptr<HostTensor> &slot = known[value];
  if (std::shared_ptr<HostTensor> live = slot.lock())
    return live;
  FailureOr<HostTensor> elements = getElements(value);
  if (failed(elements))
    return failure();
  auto tensor = std::make_shared<HostTensor>(std::move(*elements));
  slot = tensor;
  return tensor;
}
