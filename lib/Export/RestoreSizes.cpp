// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network leaves with the signature that it came with: sizes behind the
// batch.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Export/ExportedNetwork.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Resize/Resize.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_RESTORESIZES
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct RestoreSizes : pdq::impl::RestoreSizesBase<RestoreSizes> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Attribute attribute = module->getAttr(inputTypesName);
    if (!attribute)
      return;
    FailureOr<func::FuncOp> network = findExportedNetwork(module);
    if (failed(network))
      return signalPassFailure();
    SmallVector<RankedTensorType> types = getInputTypes(module, *network);
    if (types.empty()) {
      emitError(network->getLoc(), "attribute 'pdq.input_types' is ")
          << attribute << ", expected types of " << network->getArgumentTypes()
          << " with some sizes dynamic";
      return signalPassFailure();
    }
    module->removeAttr(inputTypesName);
    func::FuncOp resized = network->clone();
    if (std::optional<ResizeNote> refusal = makeDynamic(resized, types)) {
      resized->erase();
      emitRemark(refusal->loc,
                 "sizes behind the batch stay those of the data: ")
          << refusal->reason;
      return;
    }
    module.insert(*network, resized);
    network->erase();
    ++numDynamic;
  }
};
} // namespace
