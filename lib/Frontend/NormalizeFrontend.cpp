// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Brings what frontends hand us into one form: one function on static tensors
// in linalg.

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Frontend/Checks/CheckInsertions.h"
#include "pdq/Frontend/Checks/DischargeAssertions.h"
#include "pdq/Frontend/Checks/DropPositionChecks.h"
#include "pdq/Frontend/Lower/DecomposeAggregates.h"
#include "pdq/Frontend/Lower/LowerTMTensor.h"
#include "pdq/Frontend/Lower/LowerTosa.h"
#include "pdq/Frontend/Lower/SplitResults.h"
#include "pdq/Frontend/Lower/TMTensorDialect.h"
#include "pdq/Frontend/Module/FoldGlobals.h"
#include "pdq/Frontend/Module/InlinedSize.h"
#include "pdq/Frontend/Module/RoundConstants.h"
#include "pdq/Frontend/Module/SelectNetwork.h"
#include "pdq/Frontend/Module/SpecializeShapes.h"
#include "pdq/Frontend/Module/WidenFloats.h"
#include "pdq/Frontend/Passes.h"
#include "pdq/Frontend/Raise/FlattenLinears.h"
#include "pdq/Frontend/Raise/RaiseComputedReads.h"
#include "pdq/Frontend/Raise/RaiseReshapes.h"
#include "pdq/Frontend/Scatter/LowerScatter.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/Canonicalizer.h"
#include "pdq/Support/GuardScalars.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_NORMALIZEFRONTEND
#include "pdq/Frontend/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Batch of the internal form of a network exported with a dynamic one.
static constexpr int64_t specializedBatch = 32;

namespace {
struct NormalizeFrontend : pdq::impl::NormalizeFrontendBase<NormalizeFrontend> {
  using Base::Base;
  void runOnOperation() override;
  /// Scatters of TOSA go by way of those of torch-mlir.
  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<TMTensorDialect>();
  }

private:
  LogicalResult inlineCalls();
  LogicalResult lowerTosa(func::FuncOp network);
  LogicalResult lowerAggregates(func::FuncOp network);
  LogicalResult checkOperations(func::FuncOp network, bool hasAllSizes);
  LogicalResult refineShapes(func::FuncOp network);
  LogicalResult lowerDynamicScatters(func::FuncOp network);
  LogicalResult specializeShapes(func::FuncOp network);
  LogicalResult raise(func::FuncOp network);
  LogicalResult simplify();
};
} // namespace

LogicalResult NormalizeFrontend::lowerTosa(func::FuncOp network) {
  if (!hasTosa(network))
    return success();
  OpPassManager pm(func::FuncOp::getOperationName());
  buildLowerTosaPipeline(pm);
  return failed(prepareTosa(network)) ? failure() : runPipeline(pm, network);
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
  populateRaiseReshapesPatterns(patterns);
  populateFlattenLinearsPatterns(patterns);
  populateRaiseComputedReadsPatterns(patterns);
  populateRoundConstantsPatterns(patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("patterns of the frontend did not converge");
  return success();
}

static bool isScatter(Operation *op) {
  return op->getName().getStringRef() == "tm_tensor.scatter";
}

/// What the user of an operation that is not supported can do.
static StringRef getAdvice(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (isScatter(op))
    return "; one is that writes the same number of updates to each sample of "
           "the batch, inside of the tensor: choose elements with torch.where "
           "instead";
  if (dialect == "tm_tensor")
    return "; scans along a static dimension, sorts, scatters and attention of "
           "three dimensions are";
  if (dialect == "scf")
    return "; export the network without branches and loops";
  if (dialect == "tosa")
    return ", upstream has no lowering to linalg for its operands; export to "
           "linalg on tensors";
  return "; expected linalg on tensors or tosa";
}

/// Whether an operation waits for the sizes of a dynamic batch.
static bool isDynamic(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  });
}

/// Only operations whose meaning we know may stand in a network. Before it has
/// all sizes, scatters wait for theirs.
LogicalResult NormalizeFrontend::checkOperations(func::FuncOp network,
                                                 bool hasAllSizes) {
  WalkResult result = network.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto call = dyn_cast<func::CallOp>(op)) {
      call.emitError() << "function '" << call.getCallee()
                       << "' cannot be inlined: a call is for a function of "
                          "the module with a body that does not call itself";
      return WalkResult::interrupt();
    }
    // Sizes of a dynamic batch.
    if (isa<affine::AffineApplyOp>(op))
      return WalkResult::advance();
    if (!hasAllSizes && isScatter(op) && isDynamic(op))
      return WalkResult::skip();
    if (isa_and_nonnull<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, math::MathDialect, PDQDialect,
                        tensor::TensorDialect, cf::ControlFlowDialect>(
            op->getDialect()))
      return WalkResult::advance();
    op->emitError() << "operation '" << op->getName() << "' is not supported"
                    << getAdvice(op);
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  if (network.getBody().hasOneBlock())
    return success();
  return network.emitError(
      "network has control flow; expected a function with one block");
}

/// Simplifies until static sizes reach no further operation.
LogicalResult NormalizeFrontend::refineShapes(func::FuncOp network) {
  for (bool isRefined = true; isRefined;) {
    RewritePatternSet patterns(&getContext());
    populateRefineShapesPatterns(patterns);
    if (failed(simplify()) ||
        failed(applyPatternsGreedily(network, std::move(patterns),
                                     GreedyRewriteConfig(), &isRefined)))
      return network.emitError("sizes did not converge");
  }
  return success();
}

/// Lowers scatters one after the other: the sizes of one are those of what was
/// written before.
LogicalResult NormalizeFrontend::lowerDynamicScatters(func::FuncOp network) {
  auto count = [&] {
    size_t scatters = 0;
    network.walk([&](Operation *op) { scatters += isScatter(op); });
    return scatters;
  };
  for (size_t before = count(), after = 0; before > 0; before = after) {
    RewritePatternSet patterns(&getContext());
    populateLowerScatterPatterns(patterns);
    populateSplitResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(network, std::move(patterns))))
      return network.emitError("scatters did not converge");
    if (failed(refineShapes(network)))
      return failure();
    after = count();
    if (after == before)
      return checkOperations(network, /*hasAllSizes=*/true);
  }
  return success();
}

/// Remembers the types of the inputs where sizes behind the batch are dynamic.
static void keepInputTypes(ModuleOp module, func::FuncOp network) {
  bool isDynamic = llvm::any_of(network.getArgumentTypes(), [](Type type) {
    return llvm::is_contained(
        cast<RankedTensorType>(type).getShape().drop_front(),
        ShapedType::kDynamic);
  });
  module->removeAttr(inputTypesName);
  if (isDynamic)
    module->setAttr(inputTypesName, Builder(module).getTypeArrayAttr(
                                        network.getArgumentTypes()));
}

/// Gives dynamic inputs a size and remembers the user's batch and sizes.
LogicalResult NormalizeFrontend::specializeShapes(func::FuncOp network) {
  auto type = cast<RankedTensorType>(network.getArgumentTypes()[0]);
  bool isBatchDynamic = type.isDynamicDim(0);
  Builder builder(&getContext());
  getOperation()->setAttr(
      batchName,
      builder.getI64IntegerAttr(isBatchDynamic ? -1 : type.getDimSize(0)));
  keepInputTypes(getOperation(), network);
  if (llvm::all_of(network.getArgumentTypes(), [](Type input) {
        return cast<RankedTensorType>(input).hasStaticShape();
      }))
    return checkOperations(network, /*hasAllSizes=*/true);
  RewritePatternSet patterns(&getContext());
  populateRaiseReshapesPatterns(patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("reshapes did not converge");
  if (failed(specializeInputs(network, specializedBatch, sampleShape)) ||
      failed(refineShapes(network)) || failed(lowerDynamicScatters(network)))
    return failure();
  bool isStatic = propagateResults(network);
  if (!isBatchDynamic || isStatic)
    return success();
  // What is left follows the batch through operations.
  auto inputs = llvm::seq<unsigned>(0, network.getNumArguments());
  return rebatch(network, specializedBatch, llvm::to_vector(inputs));
}

/// Calls become what they call.
LogicalResult NormalizeFrontend::inlineCalls() {
  OpPassManager pm(ModuleOp::getOperationName());
  pm.addPass(createSoundInlinerPass());
  return runPipeline(pm, getOperation());
}

/// Operations that stand for whole computations become what they stand for.
LogicalResult NormalizeFrontend::lowerAggregates(func::FuncOp network) {
  OpPassManager pm(func::FuncOp::getOperationName());
  // Scalar operations on whole tensors, as other frontends write them.
  pm.addPass(createConvertElementwiseToLinalgPass());
  if (failed(runPipeline(pm, network)))
    return failure();
  RewritePatternSet patterns(&getContext());
  populateDecomposeAggregatesPatterns(patterns);
  populateLowerTMTensorPatterns(patterns);
  populateLowerScatterPatterns(patterns);
  populateSplitResultsPatterns(patterns);
  if (failed(applyPatternsGreedily(network, std::move(patterns))))
    return network.emitError("aggregate operations did not converge");
  return success();
}

void NormalizeFrontend::runOnOperation() {
  FailureOr<func::FuncOp> network = selectNetwork(getOperation(), entry);
  if (failed(network))
    return signalPassFailure();
  network->setPublic();
  if (failed(checkInlinedSize(*network)) ||
      failed(widenFloats(getOperation(), *network)) || failed(inlineCalls()) ||
      failed(foldGlobals(getOperation(), *network)) ||
      failed(checkInputs(*network)) || failed(lowerTosa(*network)) ||
      failed(lowerAggregates(*network)) ||
      failed(checkOperations(*network, /*hasAllSizes=*/false)) ||
      failed(specializeShapes(*network)) || failed(simplify()) ||
      failed(checkInsertions(*network)))
    return signalPassFailure();
  dropPositionChecks(*network);
  if (failed(dischargeAssertions(*network)) || failed(raise(*network)) ||
      failed(simplify()))
    return signalPassFailure();
  guardScalars(*network);
  for (Operation &op :
       llvm::make_early_inc_range(getOperation().getBody()->getOperations()))
    if (&op != network->getOperation())
      op.erase();
}
