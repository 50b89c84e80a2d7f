// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms of code that kernels for a GPU can have.

#ifndef PDQ_CODEGEN_GPU_FORMS_H
#define PDQ_CODEGEN_GPU_FORMS_H

#include "pdq/Codegen/GPU/ContractionForm.h"

namespace mlir::pdq {

/// All forms; a kernel gets the first one that takes it. The last one is the
/// fallback, which takes every kernel of one operation.
ArrayRef<const KernelForm *> getGPUForms();

/// The first form that computes the contractions `ops`, which are added to one
/// result; null where there is none.
const ContractionForm *findContractionForm(ArrayRef<linalg::LinalgOp> ops);

/// On tensor cores.
const ContractionForm &getMatrixForm();
/// In registers: contractions with little to share.
const ContractionForm &getDirectForm();
/// Operations on the same rows, a block of threads for each.
const KernelForm &getRowForm();
/// Elementwise operations that read tensors across.
const KernelForm &getTransposeForm();
/// Elementwise operations and reductions.
const KernelForm &getThreadForm();
/// Scalar loops.
const KernelForm &getScalarForm();

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_FORMS_H
