// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scatters, as torch-mlir and TOSA write them, as structured operations.

#ifndef PDQ_FRONTEND_SCATTER_LOWERSCATTER_H
#define PDQ_FRONTEND_SCATTER_LOWERSCATTER_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::pdq {

/// Adds the pattern that makes of a `tm_tensor.scatter` of static shape an
/// operation over what it writes to, which reads the update that is written
/// there. Dimension 0 is the batch: update w belongs to sample w / (updates a
/// sample). Coordinates that do not depend on data become a table of updates;
/// others are compared with each position.
void populateLowerScatterPatterns(RewritePatternSet &patterns);

/// Adds the pattern that makes a `tosa.scatter` into a flattened tensor a
/// `tm_tensor.scatter` into the tensor.
void populateRaiseFlatScattersPatterns(RewritePatternSet &patterns);

} // namespace mlir::pdq

#endif // PDQ_FRONTEND_SCATTER_LOWERSCATTER_H
