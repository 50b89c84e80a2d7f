// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of a kernel are to each other, and the choice of a form.

#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/Common/PayloadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

KernelForm::~KernelForm() = default;

SmallVector<linalg::LinalgOp> KernelParts::getContractions() const {
  SmallVector<linalg::LinalgOp> contractions{main};
  llvm::append_range(contractions, addends);
  return contractions;
}

bool KernelParts::isStored(BlockArgument buffer) const {
  plan::KernelOp owner = kernel;
  return !owner.getArgAttr(buffer.getArgNumber(), plan::registerOnlyName);
}

SmallVector<linalg::LinalgOp> mlir::pdq::getKernelOps(plan::KernelOp kernel) {
  return llvm::to_vector(kernel.getOps<linalg::LinalgOp>());
}

void mlir::pdq::eraseKernelOps(plan::KernelOp kernel) {
  for (linalg::LinalgOp op : getKernelOps(kernel))
    op->erase();
}

SmallVector<linalg::LinalgOp>
mlir::pdq::findContractions(ArrayRef<linalg::LinalgOp> ops) {
  SmallVector<linalg::LinalgOp> found;
  for (linalg::LinalgOp op : ops) {
    bool isNext = op.getNumReductionLoops() > 0 &&
                  (found.empty() ||
                   op.getDpsInits().front() == found.front().getDpsInits()[0]);
    if (isNext)
      found.push_back(op);
    else if (!found.empty())
      break;
  }
  return found;
}

/// Sorts operations around the first one that reduces. Fails where one is left
/// over.
static LogicalResult sortOps(ArrayRef<linalg::LinalgOp> ops,
                             KernelParts &parts) {
  SmallVector<linalg::LinalgOp> contractions = findContractions(ops);
  if (contractions.empty() || contractions.front().getNumDpsInits() != 1)
    return failure();
  parts.main = contractions.front();
  parts.addends.assign(contractions.begin() + 1, contractions.end());
  const auto *main = llvm::find(ops, parts.main);
  parts.epilogue.assign(main + contractions.size(), ops.end());
  if (main == ops.begin())
    return success();
  Value result = parts.main.getDpsInits().front();
  linalg::LinalgOp start = ops.front();
  if (main != ops.begin() + 1 || start.getDpsInits().front() != result)
    return failure();
  if (auto fill = dyn_cast<linalg::FillOp>(start.getOperation()))
    parts.fill = fill.getInputs()[0];
  else
    parts.initial = dyn_cast<linalg::GenericOp>(start.getOperation());
  return success(parts.fill || parts.initial);
}

FailureOr<KernelParts> mlir::pdq::splitKernel(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  KernelParts parts;
  parts.kernel = kernel;
  if (kernel.getRows()) {
    parts.kind = KernelKind::Rows;
    return parts;
  }
  if (ops.size() == 1) {
    parts.main = ops.front();
    return parts;
  }
  if (failed(sortOps(ops, parts)))
    return kernel.emitOpError("kernel holds ")
           << ops.size()
           << " linalg operations, expected 1, or a reduction with what it "
              "starts from and what takes its result";
  if (parts.initial || !parts.addends.empty() || !parts.epilogue.empty())
    parts.kind = KernelKind::Fused;
  return parts;
}

FailureOr<const KernelForm *>
mlir::pdq::emitKernel(plan::KernelOp kernel, ArrayRef<const KernelForm *> forms,
                      plan::TargetAttr target, StringRef &reason) {
  FailureOr<KernelParts> parts = splitKernel(kernel);
  if (failed(parts))
    return failure();
  SmallVector<std::pair<plan::Form, StringRef>> declined;
  for (const KernelForm *form : forms) {
    if (!form->takes(parts->kind))
      continue;
    StringRef why;
    if (EmitFn emit = form->match(*parts, target, why)) {
      reason = declined.empty() ? StringRef() : declined.back().second;
      if (failed(emit()))
        return failure();
      return form;
    }
    declined.emplace_back(form->getForm(), why);
  }
  Operation *op = parts->main ? parts->main : kernel;
  InFlightDiagnostic diag = op->emitOpError("has no form of code");
  if (declined.empty())
    return diag << ": none here takes several operations";
  for (auto [form, why] : declined)
    diag.attachNote() << "not '" << plan::stringifyForm(form) << "': " << why;
  return diag;
}
