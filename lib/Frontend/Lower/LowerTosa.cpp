// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TOSA becomes linalg by upstream's passes, except where their result hides
// from later stages what the operation was.

#include "pdq/Frontend/Lower/LowerTosa.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Frontend/Raise/RaiseFlatGathers.h"
#include "pdq/Frontend/Raise/RaiseStridedGathers.h"
#include "pdq/Frontend/Scatter/LowerScatter.h"

using namespace mlir;
using namespace mlir::pdq;

/// A concatenation stays one: insertions one after another hide that what is
/// concatenated with data (a class token) has as many samples as it.
static LogicalResult raiseConcat(tosa::ConcatOp op, PatternRewriter &rewriter) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !type.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "shape is not static");
  rewriter.replaceOpWithNewOp<tensor::ConcatOp>(op, type, op.getAxis(),
                                                op.getInput1());
  return success();
}

bool mlir::pdq::hasTosa(func::FuncOp network) {
  return network
      .walk([](Operation *op) {
        return isa_and_nonnull<tosa::TosaDialect>(op->getDialect())
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Operations that upstream has no lowering to linalg for.
static LogicalResult checkLowering(func::FuncOp network) {
  WalkResult result = network.walk([](Operation *op) -> WalkResult {
    if (!isa<tosa::ScatterOp, tosa::WhileOp, tosa::IfOp, tosa::CustomOp,
             tosa::VariableOp, tosa::VariableReadOp, tosa::VariableWriteOp>(op))
      return WalkResult::advance();
    return op->emitError() << "operation '" << op->getName()
                           << "' is not supported: upstream has no lowering of "
                              "it to linalg; export to linalg on tensors";
  });
  return failure(result.wasInterrupted());
}

LogicalResult mlir::pdq::prepareTosa(func::FuncOp network) {
  MLIRContext *context = network.getContext();
  // Concatenations are still those of TOSA here.
  RewritePatternSet gathers(context);
  populateRaiseStridedGathersPatterns(gathers);
  populateRaiseFlatGathersPatterns(gathers);
  populateRaiseFlatScattersPatterns(gathers);
  if (failed(applyPatternsGreedily(network, std::move(gathers))))
    return network.emitError("gathers did not converge");
  if (failed(checkLowering(network)))
    return failure();
  RewritePatternSet patterns(context);
  tosa::populateTosaDecomposeTransposeConv(context, patterns);
  patterns.add(raiseConcat);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("operations of tosa did not converge");
  return success();
}

void mlir::pdq::buildLowerTosaPipeline(OpPassManager &pm) {
  pm.addPass(tosa::createTosaReduceTransposes());
  pm.addPass(tosa::createTosaMakeBroadcastablePass());
  pm.addPass(tosa::createTosaToLinalgNamed());
  pm.addPass(tosa::createTosaToLinalg());
  pm.addPass(createTosaToArithPass());
  pm.addPass(createTosaToTensorPass());
}
