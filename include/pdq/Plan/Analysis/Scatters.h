// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a sum over sliding windows is: the derivative of a convolution or of a
// pooling, which adds every element of its seed to several elements of its
// result.

#ifndef PDQ_PLAN_ANALYSIS_SCATTERS_H
#define PDQ_PLAN_ANALYSIS_SCATTERS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <optional>

namespace mlir::pdq {

/// A dimension of the result, indexed by
/// `stride * position + dilation * tap + offset`.
struct SlidingDim {
  /// Dimension of the result.
  unsigned result;
  /// Loops, and how many iterations they have.
  unsigned position, tap;
  int64_t numPositions, numTaps;
  int64_t stride, dilation, offset;
  /// Elements of the result, which may be a window of the operation's result:
  /// `offset` is relative to it.
  int64_t size;

  /// There is one position, and every tap has its own element.
  bool isDirect() const {
    return numPositions == 1 && dilation == 1 && offset == 0 && numTaps == size;
  }
};

/// The elements `stride * j + residue` of a sliding dimension and the taps that
/// reach them: element j gets from tap `firstTap + tapStep * t` what lies at
/// position `j + shift - positionStep * t`.
struct Phase {
  int64_t residue, size;
  int64_t firstTap, tapStep, numTaps;
  int64_t shift, positionStep;
};

/// How an input of the operation is indexed in one of its dimensions.
enum class ScatterIndex {
  /// Not by a loop of a sliding dimension.
  Other,
  Position,
  Tap,
  /// Like the result.
  Element
};

/// result[stride * position + dilation * tap + offset] += term.
struct Scatter {
  linalg::GenericOp op;
  /// The only user of the operation where that reads a part of the result.
  tensor::ExtractSliceOp window;
  SmallVector<SlidingDim> dims;

  /// How dimension `result` of an input is indexed, and by which of `dims`.
  std::pair<ScatterIndex, unsigned> classify(OpOperand *input,
                                             unsigned result) const;
  /// Terms that the phases sum, relative to those of the operation; the others
  /// are zeros around the seed.
  double getRelativeWork() const;
  /// Replaces the operation, or its window.
  void replaceWith(RewriterBase &rewriter, Value result) const;
};

/// The phases of a dimension that taps reach.
SmallVector<Phase> getPhases(const SlidingDim &dim);

/// Recognizes a sum over sliding windows whose terms vanish where the input
/// that is indexed by the positions (the seed) is zero; nothing where `op` is
/// none.
std::optional<Scatter> matchScatter(linalg::GenericOp op);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_SCATTERS_H
