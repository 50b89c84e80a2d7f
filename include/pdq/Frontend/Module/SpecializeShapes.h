// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inputs of a network get static shapes.

#ifndef PDQ_FRONTEND_MODULE_SPECIALIZESHAPES_H
#define PDQ_FRONTEND_MODULE_SPECIALIZESHAPES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Checks that every argument of `network` is an input: a tensor whose
/// dimension 0 is the batch, the same for all.
///
/// Errors: emits a diagnostic; statistics of batch norms that an export turned
/// into arguments are named as such.
LogicalResult checkInputs(func::FuncOp network);

/// Gives the inputs static types. A dynamic batch becomes `batch`; other
/// dynamic sizes are taken from `sampleShapes`, the sizes behind the batch as
/// "3x32x32", one list for each input, separated by commas. Images may be given
/// channels last. A remark says which sizes were taken.
///
/// Sizes that operations compute from those of the inputs are left to the
/// canonicalizer and to `rebatch`.
/// Errors: emits a diagnostic.
LogicalResult specializeInputs(func::FuncOp network, int64_t batch,
                               StringRef sampleShapes);

/// Collects patterns that carry static sizes through operations that the
/// canonicalizer stops at.
void populateRefineShapesPatterns(RewritePatternSet &patterns);

/// Gives the results the static types that their values have behind casts.
/// Returns whether all values of `network` are static then.
bool propagateResults(func::FuncOp network);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_MODULE_SPECIALIZESHAPES_H
