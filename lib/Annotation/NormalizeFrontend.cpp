// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Brings what frontends hand us into one form: one function on static tensors
// in linalg.

#include "DischargeAssertions.h"
#include "FlattenLinears.h"
#include "RaiseComputedReads.h"
#include "RaiseReshapes.h"
#include "RaiseStridedGathers.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/Canonicalizer.h"
#include "pdq/IR/GuardScalars.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/Rebatch.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_NORMALIZEFRONTEND
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Batch of the internal form of a network exported with a dynamic one.
static constexpr int64_t specializedBatch = 32;

namespace {
struct NormalizeFrontend : pdq::impl::NormalizeFrontendBase<NormalizeFrontend> {
  using Base::Base;
  void runOnOperation() override;

private:
  FailureOr<func::FuncOp> findNetwork();
  LogicalResult lowerTosa(func::FuncOp network);
  LogicalResult checkSignature(func::FuncOp network);
  LogicalResult checkOperations(func::FuncOp network);
  LogicalResult specializeBatch(func::FuncOp network);
  LogicalResult raise(func::FuncOp network);
  LogicalResult simplify();
};
} // namespace

/// The one public function with a body; a private one is a callee.
FailureOr<func::FuncOp> NormalizeFrontend::findNetwork() {
  func::FuncOp network;
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function.isDeclaration() || function.isPrivate())
      continue;
    if (network) {
      InFlightDiagnostic diag = function.emitError(
          "second public function; expected one, the network");
      diag.attachNote(network.getLoc()) << "first one is here";
      return diag;
    }
    network = function;
  }
  if (!network)
    return getOperation().emitError(
        "no public function with a body; expected one, the network");
  return network;
}

LogicalResult NormalizeFrontend::checkSignature(func::FuncOp network) {
  if (network.getNumArguments() == 1)
    return success();
  bool statistics = network.getNumArguments() > 1 &&
                    llvm::all_of(network.getArgumentTypes(), [](Type type) {
                      return isa<RankedTensorType>(type);
                    });
  InFlightDiagnostic diag = network.emitError()
                            << "network has " << network.getNumArguments()
                            << " arguments, expected one: the input";
  if (statistics)
    diag.attachNote()
        << "running statistics of batch norms may have become arguments; "
           "register buffers as parameters without gradient before exporting, "
           "as pdq.torch.export does";
  return diag;
}

LogicalResult NormalizeFrontend::lowerTosa(func::FuncOp network) {
  bool found = false;
  network.walk([&](Operation *op) {
    found |= isa_and_nonnull<tosa::TosaDialect>(op->getDialect());
  });
  if (!found)
    return success();
  RewritePatternSet patterns(&getContext());
  populateRaiseStridedGathersPatterns(patterns);
  tosa::populateTosaDecomposeTransposeConv(&getContext(), patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("gathers did not converge");
  OpPassManager pm(func::FuncOp::getOperationName());
  pm.addPass(tosa::createTosaReduceTransposes());
  pm.addPass(tosa::createTosaMakeBroadcastablePass());
  pm.addPass(tosa::createTosaToLinalgNamed());
  pm.addPass(tosa::createTosaToLinalg());
  pm.addPass(createTosaToArithPass());
  pm.addPass(createTosaToTensorPass());
  return runPipeline(pm, network);
}

LogicalResult NormalizeFrontend::simplify() {
  OpPassManager pm(ModuleOp::getOperationName());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  return runPipeline(pm, getOperation());
}

/// Undoes what frontends do to structured operations, on static shapes.
LogicalResult NormalizeFrontend::raise(func::FuncOp network) {
  RewritePatternSet patterns(&getContext());
  populateFlattenLinearsPatterns(patterns);
  populateRaiseComputedReadsPatterns(patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("patterns of the frontend did not converge");
  return success();
}

/// Only operations whose meaning we know may stand in a network.
LogicalResult NormalizeFrontend::checkOperations(func::FuncOp network) {
  WalkResult result = network.walk<WalkOrder::PreOrder>([](Operation *op) {
    if (auto call = dyn_cast<func::CallOp>(op)) {
      call.emitError() << "function '" << call.getCallee()
                       << "' cannot be inlined: a call is for a function of "
                          "the module with a body that does not call itself";
      return WalkResult::interrupt();
    }
    // Sizes of a dynamic batch.
    if (isa<affine::AffineApplyOp>(op))
      return WalkResult::advance();
    if (isa_and_nonnull<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, math::MathDialect, PDQDialect,
                        tensor::TensorDialect, cf::ControlFlowDialect>(
            op->getDialect()))
      return WalkResult::advance();
    op->emitError() << "operation '" << op->getName()
                    << "' is not supported; expected linalg on tensors or tosa";
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  if (network.getBody().hasOneBlock())
    return success();
  return network.emitError(
      "network has control flow; expected a function with one block");
}

static SmallVector<int64_t> fixBatch(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  result.front() = specializedBatch;
  return result;
}

/// Gives the input a static type; canonicalization folds all sizes that are
/// computed from it, also where the data they belong to is read in a payload.
static void fixInput(func::FuncOp network, RankedTensorType type) {
  BlockArgument input = network.getArgument(0);
  Type dynamic = input.getType();
  input.setType(type);
  OpBuilder builder = OpBuilder::atBlockBegin(&network.getBody().front());
  auto cast = tensor::CastOp::create(builder, input.getLoc(), dynamic, input);
  input.replaceAllUsesExcept(cast, cast);
  network.setType(
      FunctionType::get(network.getContext(), type, network.getResultTypes()));
}

/// Gives a dynamic batch a size and remembers the user's.
LogicalResult NormalizeFrontend::specializeBatch(func::FuncOp network) {
  auto type = dyn_cast<RankedTensorType>(network.getArgumentTypes()[0]);
  if (!type || type.getRank() < 2)
    return network.emitError()
           << "network takes " << network.getArgumentTypes()[0]
           << ", expected a tensor with a batch dimension";
  for (int64_t dim = 1; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      return network.emitError()
             << "network takes " << type
             << ", expected static sizes except for the batch";
  bool dynamic = type.isDynamicDim(0);
  Builder builder(&getContext());
  getOperation()->setAttr("pdq.batch", builder.getI64IntegerAttr(
                                           dynamic ? -1 : type.getDimSize(0)));
  if (!dynamic)
    return success();
  RewritePatternSet patterns(&getContext());
  populateRaiseReshapesPatterns(patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("reshapes did not converge");
  fixInput(network, type.clone(fixBatch(type.getShape())));
  // What is left follows the batch through operations.
  return failed(simplify()) ? failure()
                            : rebatch(network, specializedBatch, {0});
}

void NormalizeFrontend::runOnOperation() {
  FailureOr<func::FuncOp> network = findNetwork();
  if (failed(network) || failed(checkSignature(*network)) ||
      failed(lowerTosa(*network)))
    return signalPassFailure();
  OpPassManager inliner(ModuleOp::getOperationName());
  inliner.addPass(createSoundInlinerPass());
  // Scalar operations on whole tensors, as other frontends write them.
  inliner.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  if (failed(runPipeline(inliner, getOperation())) ||
      failed(checkOperations(*network)) || failed(specializeBatch(*network)) ||
      failed(simplify()) || failed(dischargeAssertions(*network)) ||
      failed(raise(*network)) || failed(simplify()))
    return signalPassFailure();
  guardScalars(*network);
  for (Operation &op :
       llvm::make_early_inc_range(getOperation().getBody()->getOperations()))
    if (&op != network->getOperation())
      op.erase();
}
