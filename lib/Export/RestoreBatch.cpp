// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network leaves with the signature that it came with.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Export/ExportedNetwork.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/DataArguments.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_RESTOREBATCH
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct RestoreBatch : pdq::impl::RestoreBatchBase<RestoreBatch> {
  void runOnOperation() override {
    auto attribute = getOperation()->getAttrOfType<IntegerAttr>(batchName);
    if (!attribute)
      return;
    FailureOr<func::FuncOp> network = findExportedNetwork(getOperation());
    if (failed(network) || failed(restore(*network, attribute.getInt())))
      return signalPassFailure();
    getOperation()->removeAttr(batchName);
  }

  /// `batch` is the size that the user's first dimension had, -1 for a dynamic
  /// one.
  LogicalResult restore(func::FuncOp network, int64_t batch) {
    if (batch < -1 || batch == 0)
      return emitError(network.getLoc(), "attribute 'pdq.batch' is ")
             << batch << ", expected a size or -1";
    auto type = network.getNumArguments() == 0
                    ? RankedTensorType()
                    : dyn_cast<RankedTensorType>(network.getArgumentTypes()[0]);
    if (!type || type.getRank() == 0)
      return emitError(network.getLoc(),
                       "network has no tensor as first argument, whose batch "
                       "could be restored");
    int64_t size = batch == -1 ? ShapedType::kDynamic : batch;
    if (type.getDimSize(0) == size)
      return success();
    return rebatch(network, size, getDataArguments(network));
  }
};
} // namespace
