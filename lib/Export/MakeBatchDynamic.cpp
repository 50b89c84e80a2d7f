// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network that was exported for one batch takes others.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "pdq/Export/ExportedNetwork.h"
#include "pdq/Export/Passes.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/DataArguments.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_MAKEBATCHDYNAMIC
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Whether each argument is a tensor with a first dimension, and one of these
/// dimensions is not dynamic yet.
static bool hasStaticBatch(func::FuncOp network) {
  bool isStatic = false;
  for (Type type : network.getArgumentTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() == 0)
      return false;
    isStatic |= !tensor.isDynamicDim(0);
  }
  return isStatic;
}

/// Nothing, or why the batch cannot be followed; the function is invalid then.
static std::optional<Diagnostic> makeDynamic(func::FuncOp function) {
  std::optional<Diagnostic> refusal;
  ScopedDiagnosticHandler handler(
      function.getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error && !refusal)
          refusal = std::move(diagnostic);
      });
  if (succeeded(
          rebatch(function, ShapedType::kDynamic, getDataArguments(function))))
    return std::nullopt;
  if (!refusal)
    refusal.emplace(function.getLoc(), DiagnosticSeverity::Error);
  return refusal;
}

namespace {
struct MakeBatchDynamic : pdq::impl::MakeBatchDynamicBase<MakeBatchDynamic> {
  using MakeBatchDynamicBase::MakeBatchDynamicBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<func::FuncOp> network = findExportedNetwork(module);
    if (failed(network))
      return signalPassFailure();
    if (!hasStaticBatch(*network))
      return;
    func::FuncOp dynamic = network->clone();
    if (std::optional<Diagnostic> refusal = makeDynamic(dynamic)) {
      dynamic->erase();
      emitRemark(refusal->getLocation(), "batch stays that of the module: ")
          << refusal->str();
      return;
    }
    module.insert(*network, dynamic);
    network->erase();
  }
};
} // namespace
