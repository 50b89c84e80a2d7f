// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a chain of elementwise operations computes, as an expression of tensors,
// each with the elements that are read of it.

#ifndef PDQ_NETWORK_LAYERS_SYMBOLICEXPRESSION_H
#define PDQ_NETWORK_LAYERS_SYMBOLICEXPRESSION_H

#include "pdq/Network/Layers/FactoredIndex.h"
#include "pdq/Network/Layers/Structure.h"
#include <memory>

namespace mlir::pdq {

/// A node of an expression.
struct Expression {
  enum class Kind {
    /// A tensor that depends on the network's input.
    Data,
    /// A tensor that does not.
    Parameter,
    Constant,
    Add,
    Sub,
    Mul,
    Div,
    Rsqrt,
    Sqrt,
    /// Something that is not followed.
    Other
  };

  Kind kind;
  /// The tensor that it is computed as, where it is one, and the dimensions of
  /// that as functions of the dimensions of the whole expression. The tensor of
  /// a parameter is without the views and broadcasts around it.
  Value tensor;
  FactoredIndices indices;
  /// The value of a constant, and of a parameter whose elements are all equal.
  std::optional<double> constant;
  std::vector<std::shared_ptr<Expression>> operands;

  /// Whether it depends on the network's input; whether it has a root inside,
  /// such as a deviation.
  bool readsData = false, hasRoot = false;

  /// Whether its tensor has type `type` and element i of the expression reads
  /// element i of it.
  bool isInOrder(RankedTensorType type) const;
};
using ExpressionRef = std::shared_ptr<Expression>;

/// The expression behind the result of an elementwise operation of the block
/// that `path` belongs to. A chain whose values are used many times is an
/// expression with shared nodes.
ExpressionRef buildExpression(linalg::LinalgOp op, const DataPath &path);

} // namespace mlir::pdq

#endif // PDQ_NETWORK_LAYERS_SYMBOLICEXPRESSION_H
