// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of the IR as host tensors, and back.

#ifndef PDQ_SUPPORT_TENSORATTRIBUTES_H
#define PDQ_SUPPORT_TENSORATTRIBUTES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Support/HostTensor.h"

namespace mlir::pdq {

/// The elements of `value` (dense or resource) as they lie in a buffer: row
/// major, booleans and narrower integers in whole bytes, indices in eight.
/// Fails on element types that have no such form and on resources whose data
/// is missing.
FailureOr<HostTensor> getElements(ElementsAttr value);

/// The elements of a constant; emits an error where `value` is none, or where
/// its elements cannot be had.
FailureOr<HostTensor> readElements(Value value);

/// The attribute, and the constant, with the contents of `tensor`.
DenseElementsAttr getAttribute(MLIRContext *context, const HostTensor &tensor);
Value buildConstant(ImplicitLocOpBuilder &builder, const HostTensor &tensor);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_TENSORATTRIBUTES_H
