// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of forms, and the order in which they are asked.

#include "pdq/Codegen/GPU/Forms.h"

using namespace mlir;
using namespace mlir::pdq;

ArrayRef<const KernelForm *> mlir::pdq::getGPUForms() {
  // Those that use the device best come first.
  static const KernelForm *const forms[] = {
      &getRowForm(),       &getMatrixForm(), &getDirectForm(),
      &getTransposeForm(), &getThreadForm(), &getScalarForm()};
  return forms;
}

const ContractionForm *
mlir::pdq::findContractionForm(ArrayRef<linalg::LinalgOp> ops) {
  StringRef reason;
  if (ops.empty())
    return nullptr;
  for (const KernelForm *form : getGPUForms())
    if (const ContractionForm *own = form->asContractionForm();
        own && own->canCompute(ops, reason))
      return own;
  return nullptr;
}
