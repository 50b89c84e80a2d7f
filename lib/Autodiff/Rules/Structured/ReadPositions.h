// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads at computed positions (index_select, interpolation, grid_sample,
// embeddings): which loops choose an element, and which iterations read it.

#ifndef PDQ_LIB_AUTODIFF_RULES_STRUCTURED_READPOSITIONS_H
#define PDQ_LIB_AUTODIFF_RULES_STRUCTURED_READPOSITIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::pdq {

/// How the elements along one dimension of what is read are chosen.
struct ReadDim {
  /// By a loop of the same size, or nothing.
  std::optional<unsigned> direct;
  /// Else: by the loops that the position depends on.
  llvm::SmallSetVector<unsigned, 4> loops;
};

/// The positions of one read in the payload of a structured operation.
class ReadPositions {
public:
  ReadPositions(linalg::LinalgOp op, tensor::ExtractOp read);

  ArrayRef<ReadDim> getDims() const { return dims; }
  /// Whether a loop chooses a dimension alone.
  bool isDirect(unsigned loop) const;
  /// Computed dimensions; those that share a loop that is not direct stand
  /// together.
  SmallVector<SmallVector<unsigned>> groupDims() const;

private:
  ReadDim classify(unsigned dim);

  linalg::LinalgOp op;
  tensor::ExtractOp read;
  SmallVector<ReadDim> dims;
};

/// The iterations that read an element: for each step of the loops `given` and
/// each place along `dims`, `width` steps of the loops `sought`, as one
/// row-major number; -1 where there are fewer. A width of 1 has no dimension.
struct InverseTable {
  SmallVector<unsigned> dims, given, sought;
  int64_t width = 0;
  /// There are never fewer.
  bool isFull = true;
  SmallVector<int32_t> steps;
  SmallVector<int64_t> shape;
};

/// Turns the positions along a group of dimensions round. Failure where they
/// depend on data, are too many or lie outside of what is read.
FailureOr<InverseTable> invertPositions(linalg::LinalgOp op,
                                        tensor::ExtractOp read,
                                        const ReadPositions &positions,
                                        ArrayRef<unsigned> group);

} // namespace mlir::pdq

#endif // PDQ_LIB_AUTODIFF_RULES_STRUCTURED_READPOSITIONS_H
