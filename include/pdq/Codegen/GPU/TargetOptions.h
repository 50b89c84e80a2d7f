// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The options `math` and `chip`, which several passes have.

#ifndef PDQ_CODEGEN_GPU_TARGETOPTIONS_H
#define PDQ_CODEGEN_GPU_TARGETOPTIONS_H

#include "mlir/IR/MLIRContext.h"
#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"

namespace mlir::pdq {

/// The precision that `math` names; an error where it names none.
FailureOr<MatrixMath> readMath(MLIRContext *context, StringRef math);

/// An error where `chip` is neither empty nor the name of a chip that
/// has the instructions of sm_80. Chips that came later than the table of
/// limits are allowed.
LogicalResult checkChip(MLIRContext *context, StringRef chip);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_TARGETOPTIONS_H
