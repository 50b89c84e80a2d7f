// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and making constant tensors of floats.

#ifndef PDQ_ANNOTATION_CONSTANTS_H
#define PDQ_ANNOTATION_CONSTANTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::pdq {

/// The elements of a constant of 32-bit floats, row major; nothing where the
/// value is something else. Splats, dense data and resources are read.
std::optional<SmallVector<float>> readFloats(Value constant);

/// A constant with these elements.
Value buildFloats(OpBuilder &builder, Location loc, RankedTensorType type,
                  ArrayRef<float> elements);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_CONSTANTS_H
