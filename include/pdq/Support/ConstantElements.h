// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Single elements of tensors that do not depend on data, without computing the
// tensors.

#ifndef PDQ_SUPPORT_CONSTANTELEMENTS_H
#define PDQ_SUPPORT_CONSTANTELEMENTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::pdq {

/// Evaluates scalars by the folders of their operations. A value that was
/// evaluated once is known.
class ConstantElements {
public:
  /// The value of a scalar in the payload of `op` at a position of its loops;
  /// null where it depends on data or is not understood.
  Attribute getScalar(Value scalar, linalg::LinalgOp op,
                      ArrayRef<int64_t> position);
  /// The same of an element of a tensor.
  Attribute getElement(Value tensor, ArrayRef<int64_t> indices);

private:
  using Scalars = DenseMap<Value, Attribute>;
  Attribute getElementOfSlice(tensor::ExtractSliceOp slice,
                              ArrayRef<int64_t> indices);
  Attribute getElementOfConcat(tensor::ConcatOp joined,
                               ArrayRef<int64_t> indices);
  Attribute getElementOfInsert(tensor::InsertSliceOp insert,
                               ArrayRef<int64_t> indices);
  Attribute getElementOfStructured(linalg::LinalgOp op, OpResult result,
                                   ArrayRef<int64_t> indices);
  DenseElementsAttr getConstant(Value tensor);
  Attribute computeElement(Value tensor, ArrayRef<int64_t> indices);
  Attribute computeRead(tensor::ExtractOp read, linalg::LinalgOp op,
                        ArrayRef<int64_t> position, Scalars &scalars);
  Attribute compute(Value scalar, linalg::LinalgOp op,
                    ArrayRef<int64_t> position, Scalars &scalars);

  DenseMap<std::pair<Value, int64_t>, Attribute> elements;
  DenseMap<Value, DenseElementsAttr> constants;
  unsigned depth = 0;
};

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_CONSTANTELEMENTS_H
