// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of modules as buffers, one for each attribute: weights are in
// memory once however many modules use them, and code never holds them.

#ifndef PDQ_LIB_RUNTIME_CPU_CONSTANTPOOL_H
#define PDQ_LIB_RUNTIME_CPU_CONSTANTPOOL_H

#include "mlir/IR/BuiltinAttributes.h"
#include "pdq/Support/HostTensor.h"
#include "llvm/ADT/DenseMap.h"
#include <memory>

namespace mlir::pdq {

/// Keeps the elements of constants for as long as someone uses them.
class ConstantPool {
public:
  FailureOr<std::shared_ptr<HostTensor>> get(ElementsAttr value);

private:
  llvm::DenseMap<Attribute, std::weak_ptr<HostTensor>> known;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_RUNTIME_CPU_CONSTANTPOOL_H
