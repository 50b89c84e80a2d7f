// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a network computes the same at another batch: it is run at both.

#ifndef PDQ_RUNTIME_BATCHCHECK_H
#define PDQ_RUNTIME_BATCHCHECK_H

#include "mlir/IR/OwningOpRef.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Runtime/Executor.h"

namespace mlir::pdq {

/// A network at its own batch and at another one. What `rebatch` proves is not
/// proven of `rebatch`: before work, a few samples go through both.
class BatchCheck {
public:
  /// Takes a copy of `network`, a function of static shapes without pdq
  /// operations whose `dataArguments` have the batch as dimension 0, and
  /// another one at `batch`. Nothing where the network has this batch already
  /// or came with a dynamic one (`pdq.batch` = -1).
  ///
  /// Errors: those of `rebatch`.
  static FailureOr<std::optional<BatchCheck>>
  create(func::FuncOp network, int64_t batch, ArrayRef<unsigned> dataArguments);

  /// Compares the results of up to three samples, the first, the second and the
  /// last of a batch. `samples` are [n, ...] of each argument, n at least 1;
  /// where there are fewer than the batch they are repeated. A difference
  /// beyond rounding is looked for in sums of one order, operation by
  /// operation; where there is none, it was rounding.
  ///
  /// Errors: emits a diagnostic at the first operation that differs.
  LogicalResult run(ArrayRef<const HostTensor *> samples, Executor &executor);

  /// The copy at the other batch.
  func::FuncOp getRebatched() const;

private:
  /// A value at both batches, and where the second one carries its batch.
  struct Pair {
    Value own, other;
    BatchDim place;
  };
  /// How far apart the samples of a pair are.
  struct Distance {
    double largest = 0, scale = 0, squares = 0, reference = 0;
    /// Of the largest difference.
    double own = 0, other = 0;
    void add(double ownValue, double otherValue);
  };

  SmallVector<Pair> findResults() const;
  SmallVector<Pair> findIntermediates() const;
  FailureOr<SmallVector<Distance>> compare(ArrayRef<Pair> pairs,
                                           ArrayRef<const HostTensor *> samples,
                                           Executor &executor) const;
  void addDistance(const Pair &pair, const HostTensor &own, int64_t ownSample,
                   const HostTensor &other, int64_t otherSample,
                   Distance &distance) const;
  LogicalResult locate(ArrayRef<const HostTensor *> samples) const;
  SmallVector<int64_t> getCheckedSamples() const;

  OwningOpRef<ModuleOp> ownModule, otherModule;
  int64_t ownBatch = 1, otherBatch = 1;
  SmallVector<unsigned> dataArguments;
  BatchDims dims;
};

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_BATCHCHECK_H
