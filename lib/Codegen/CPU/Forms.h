// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms of code that kernels for a CPU can have.

#ifndef PDQ_LIB_CODEGEN_CPU_FORMS_H
#define PDQ_LIB_CODEGEN_CPU_FORMS_H

#include "pdq/Codegen/Common/KernelForm.h"

namespace mlir::pdq {

/// A nest of loops over vectors of `lanes` 32-bit elements.
std::unique_ptr<KernelForm> createVectorForm(unsigned lanes);

/// Scalar loops, which every kernel of one operation can have.
const KernelForm &getLoopForm();

} // namespace mlir::pdq

#endif // PDQ_LIB_CODEGEN_CPU_FORMS_H
