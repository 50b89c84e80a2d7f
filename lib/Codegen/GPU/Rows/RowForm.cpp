// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of operations on the same rows.

#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Codegen/GPU/Rows/RowEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
class RowForm final : public KernelForm {
public:
  RowForm() : KernelForm(plan::Form::Rows, KernelKind::Rows) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    plan::KernelOp kernel = parts.kernel;
    FailureOr<RowStrategy> strategy =
        matchRows(kernel, *kernel.getRows(), reason);
    if (failed(strategy))
      return nullptr;
    return [kernel, strategy = std::move(*strategy)] {
      emitRows(kernel, strategy);
      return success();
    };
  }
};
} // namespace

const KernelForm &mlir::pdq::getRowForm() {
  static const RowForm form;
  return form;
}
