// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the quant dialect to an ONNX graph.

#include "Conversion.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Export/ExportedNetwork.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CONVERTQUANTTOONNX
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;
using onnx_graph::InitializerOp;
using onnx_graph::NodeOp;

/// Nodes that nothing reads are left where an operation took in what they
/// compute.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// Whether a quantizer of fewer than 8 bits has another zero point than the
/// lowest integer of its type.
static bool hasRaisedZeroPoint(NodeOp quantizer) {
  auto zeroPoint = quantizer.getInputs()[2].getDefiningOp<InitializerOp>();
  auto type = cast<IntegerType>(getElementTypeOrSelf(zeroPoint.getType()));
  auto elements = cast<DenseElementsAttr>(zeroPoint.getValue());
  return type.getWidth() < 8 &&
         llvm::any_of(
             elements.getValues<APInt>(),
             [&](const APInt &value) {
               return !(type.isUnsigned() ? value.isZero()
                                          : value.isMinSignedValue());
             });
}

/// ONNX Runtime (1.32) removes a Relu in front of a quantizer, also where it
/// has moved there, as if the zero point were the lowest integer; a Max stays.
static void protectRelus(GraphBuilder &graph, Block &block) {
  SmallVector<NodeOp> relus;
  bool isNeeded = false;
  for (NodeOp op : block.getOps<NodeOp>()) {
    if (op.getOpType() == "Relu")
      relus.push_back(op);
    isNeeded |= op.getOpType() == "QuantizeLinear" && hasRaisedZeroPoint(op);
  }
  if (!isNeeded)
    return;
  for (NodeOp op : relus) {
    graph.loc = op.getLoc();
    Type elementType = getElementTypeOrSelf(op.getInputs()[0].getType());
    Value zero =
        graph.scalar(cast<TypedAttr>(graph.b.getZeroAttr(elementType)));
    graph.b.setInsertionPoint(op);
    op->replaceAllUsesWith(ValueRange(graph.node(
        "Max", {op.getInputs()[0], zero}, op->getResult(0).getType())));
    op.erase();
  }
}

/// Replaces the body of a network by its graph, and gives the version of the
/// standard that this needs.
static FailureOr<int64_t> convertNetwork(func::FuncOp network, OnnxForm form) {
  if (!llvm::hasSingleElement(network.getBody()))
    return network.emitError("network has ")
           << network.getBody().getBlocks().size()
           << " blocks, expected one without control flow";
  Block &before = network.getBody().front();
  Block *graphBlock = new Block;
  network.getBody().push_back(graphBlock);
  Conversion conversion(network.getContext(), form);
  conversion.graph.b.setInsertionPointToEnd(graphBlock);
  for (BlockArgument argument : before.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !onnx_graph::getDataType(getOnnxElementType(type)))
      return emitError(argument.getLoc(), "argument ")
             << argument.getArgNumber() << " of the network is "
             << argument.getType() << ", expected a tensor of a type of ONNX";
    conversion.map(argument,
                   graphBlock->addArgument(type.clone(getOnnxElementType(type)),
                                           argument.getLoc()));
  }
  Operation *terminator = before.getTerminator();
  SmallVector<Value> results;
  for (Value result : terminator->getOperands()) {
    results.push_back(conversion.get(result));
    if (!results.back())
      return failure();
  }
  auto end =
      func::ReturnOp::create(conversion.graph.b, terminator->getLoc(), results);
  before.dropAllReferences();
  before.erase();
  conversion.graph.b.setInsertionPoint(end);
  protectRelus(conversion.graph, *graphBlock);
  eraseDead(*graphBlock);
  // Types may say more of a dynamic size than the network did.
  SmallVector<Type> types;
  for (auto [result, old] :
       llvm::zip_equal(end.getOperands(), network.getResultTypes())) {
    auto type = cast<RankedTensorType>(old);
    result.setType(type.clone(getOnnxElementType(type)));
    types.push_back(result.getType());
  }
  network.setType(FunctionType::get(network.getContext(),
                                    graphBlock->getArgumentTypes(), types));
  return conversion.getOpset();
}

namespace {
struct ConvertQuantToOnnx
    : pdq::impl::ConvertQuantToOnnxBase<ConvertQuantToOnnx> {
  using ConvertQuantToOnnxBase::ConvertQuantToOnnxBase;

  void runOnOperation() override {
    OpPassManager prepare(ModuleOp::getOperationName());
    prepare.addPass(createInlineResources());
    prepare.addPass(createUnpackConstants());
    prepare.addPass(createMakeBatchDynamic());
    // What is not quantized annotation has told.
    prepare.addPass(createFactorScales({ProductRemarks::Quantized}));
    prepare.addPass(createLowerAffinePass());
    if (failed(runPipeline(prepare, getOperation())))
      return signalPassFailure();
    FailureOr<func::FuncOp> network = findExportedNetwork(getOperation());
    if (failed(network))
      return signalPassFailure();
    FailureOr<int64_t> opset = convertNetwork(*network, form);
    if (failed(opset))
      return signalPassFailure();
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function != *network)
        function.erase();
    getOperation()->setAttr(onnx_graph::opsetName,
                            Builder(&getContext()).getI64IntegerAttr(*opset));
  }
};
} // namespace
