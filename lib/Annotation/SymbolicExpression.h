// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a chain of elementwise operations computes, as an expression of tensors
// that are read once per element or once per channel.

#ifndef PDQ_ANNOTATION_SYMBOLICEXPRESSION_H
#define PDQ_ANNOTATION_SYMBOLICEXPRESSION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <memory>

namespace mlir::pdq {

/// A node of an expression.
struct Expression {
  enum class Kind {
    /// A tensor with one element per element of the result.
    Data,
    /// A tensor with one element per channel.
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
  /// The tensor it is computed as, where it is one; that of a parameter is
  /// without the views around it.
  Value tensor;
  double constant = 0;
  std::vector<std::shared_ptr<Expression>> operands;

  /// Whether it reads data.
  bool readsData = false;
};
using ExpressionRef = std::shared_ptr<Expression>;

/// The expression behind the result of an elementwise operation, whose
/// dimension `axis` are the channels. A chain whose values are used many times
/// is an expression with shared nodes.
ExpressionRef buildExpression(linalg::LinalgOp op, int64_t axis);

} // namespace mlir::pdq

#endif // PDQ_ANNOTATION_SYMBOLICEXPRESSION_H
