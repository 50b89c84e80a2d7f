// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is reported about outputs: accuracy against labels, and the difference
// between two networks.

#ifndef PDQ_RUN_METRICS_H
#define PDQ_RUN_METRICS_H

#include "pdq/Support/HostTensor.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::pdq {

/// Checks what can be said of labels before anything is computed.
///
/// Errors: one line if they are not integers [samples].
llvm::Error checkLabels(const HostTensor &labels, int64_t samples);

/// Says in one line of how many samples some of the outputs [N, ...] are not
/// finite.
void remarkNotFinite(llvm::ArrayRef<HostTensor> outputs, llvm::raw_ostream &os);

/// Prints `accuracy: 74.80 % (3740 / 5000)`: how often the largest of the
/// outputs [N, K] is at the label's index. The first of equal outputs counts;
/// NaN is smaller than every number, and a sample of NaN alone is never right.
///
/// Errors: one line if `labels` are not integers [N] in 0 to K - 1.
llvm::Error printAccuracy(const HostTensor &outputs, const HostTensor &labels,
                          llvm::raw_ostream &os);

/// Prints `max difference: 0`, the largest absolute difference of two networks'
/// outputs, and `agreement: 100.00 %`, how often the index of the largest
/// element of a sample agrees in all of them. NaN differs from everything but
/// NaN. Where there are several outputs, a line for each comes first.
///
/// Errors: one line if numbers, shapes or element types differ.
llvm::Error printComparison(llvm::ArrayRef<HostTensor> outputs,
                            llvm::ArrayRef<HostTensor> others,
                            llvm::raw_ostream &os);

} // namespace mlir::pdq

#endif // PDQ_RUN_METRICS_H
