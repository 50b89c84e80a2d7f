// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts quantizers on the weights and the activations of quantized bodies
// (algorithm.md section 1).

#include "Structure.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INSERTQUANTIZERS
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Width of what the 8-bit policy names.
static constexpr unsigned policyBits = 8;

namespace {
struct InsertQuantizers : pdq::impl::InsertQuantizersBase<InsertQuantizers> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  LogicalResult quantizeWeight(linalg::LinalgOp layer, unsigned bits);
  void quantizeActivations(RegionOp region);
  void applyPolicy(ArrayRef<linalg::LinalgOp> layers);

  /// Layers whose result stands behind a value, to find it again.
  DenseSet<Value> networkOutputs;
};
} // namespace

LogicalResult InsertQuantizers::checkOptions() {
  for (unsigned bits : {weightBits.getValue(), activationBits.getValue()})
    if (bits < 2 || bits > 8)
      return getOperation().emitError()
             << "option 'weight-bits' or 'activation-bits' is " << bits
             << ", expected 2 to 8";
  if (firstLast == "qdrop" || firstLast == "brecq" || firstLast == "none")
    return success();
  return getOperation().emitError()
         << "option 'first-last' is '" << firstLast
         << "', expected 'qdrop', 'brecq' or 'none'";
}

LogicalResult InsertQuantizers::quantizeWeight(linalg::LinalgOp layer,
                                               unsigned bits) {
  FailureOr<LayerWeight> weight = findWeight(layer);
  if (failed(weight))
    return failure();
  OpBuilder builder(layer);
  Value constant = weight->constant;
  builder.setInsertionPointAfterValue(constant);
  Value quantized = FakeQuantOp::create(
      builder, layer.getLoc(), constant.getType(), constant,
      /*scale=*/Value(), /*zero_point=*/Value(), /*keep=*/Value(),
      QuantizerAttr::get(&getContext(), bits, weight->axis));
  // Another layer may share the constant; only this one's views are cloned.
  builder.setInsertionPoint(layer);
  IRMapping mapping;
  mapping.map(constant, quantized);
  SmallVector<Operation *> views;
  for (Value value = weight->operand->get(); value != constant;
       value = getViewSource(value.getDefiningOp()))
    views.push_back(value.getDefiningOp());
  for (Operation *view : llvm::reverse(views))
    builder.clone(*view, mapping);
  weight->operand->set(mapping.lookup(weight->operand->get()));
  ++numWeights;
  return success();
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Follows the operations that belong to a layer or a sum: its views, bias,
/// normalization and activation function. Returns the value to be quantized, or null
/// where it feeds a sum, whose result is quantized instead.
static Value findLayerOutput(Value value, const DataPath &path) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (isView(user)) {
      value = user->getResult(0);
      continue;
    }
    if (!isElementwise(user))
      return value;
    if (path.getDataOperands(user).size() > 1)
      return {};
    value = user->getResult(0);
  }
  return value;
}

void InsertQuantizers::quantizeActivations(RegionOp region) {
  Block &body = region.getQuantizedBody().front();
  DataPath path(body);
  llvm::SetVector<Value> outputs;
  for (Operation *op : path.getOperations()) {
    bool isSum = isElementwise(op) && path.getDataOperands(op).size() > 1;
    if (!isSum && !isLayer(op))
      continue;
    if (Value output = findLayerOutput(op->getResult(0), path))
      outputs.insert(output);
  }
  Operation *yield = body.getTerminator();
  for (Value output : outputs) {
    // The network's output is never quantized.
    bool isNetworkOutput = llvm::any_of(output.getUses(), [&](OpOperand &use) {
      return use.getOwner() == yield &&
             networkOutputs.contains(
                 region.getResult(use.getOperandNumber()));
    });
    if (isNetworkOutput)
      continue;
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(output);
    auto quantized = FakeQuantOp::create(
        builder, output.getLoc(), output.getType(), output, /*scale=*/Value(),
        /*zero_point=*/Value(), /*keep=*/Value(),
        QuantizerAttr::get(&getContext(), activationBits, std::nullopt));
    output.replaceAllUsesExcept(quantized, quantized);
    ++numActivations;
  }
}

//===----------------------------------------------------------------------===//
// 8-bit policy
//===----------------------------------------------------------------------===//

/// The activation quantizers that produce a value, found backwards through
/// everything that is no layer; regions are entered and left.
static void collectProducers(Value value, DenseSet<Value> &seen,
                             SmallVectorImpl<FakeQuantOp> &producers) {
  if (!seen.insert(value).second)
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto region = dyn_cast<RegionOp>(argument.getOwner()->getParentOp());
    if (region)
      collectProducers(region.getInputs()[argument.getArgNumber()], seen,
                       producers);
    return;
  }
  Operation *op = value.getDefiningOp();
  if (auto quantizer = dyn_cast<FakeQuantOp>(op)) {
    producers.push_back(quantizer);
    return;
  }
  if (auto region = dyn_cast<RegionOp>(op)) {
    Operation *yield = region.getQuantizedBody().front().getTerminator();
    unsigned number = cast<OpResult>(value).getResultNumber();
    collectProducers(yield->getOperand(number), seen, producers);
    return;
  }
  if (isLayer(op))
    return;
  for (Value operand : op->getOperands())
    collectProducers(operand, seen, producers);
}

static void setBits(FakeQuantOp op, unsigned bits) {
  op.setQuantizerAttr(QuantizerAttr::get(op.getContext(), bits,
                                         op.getQuantizer().getAxis()));
}

void InsertQuantizers::applyPolicy(ArrayRef<linalg::LinalgOp> layers) {
  SmallVector<FakeQuantOp> producers;
  DenseSet<Value> seen;
  linalg::LinalgOp last = layers.back();
  collectProducers(last.getDpsInputOperand(0)->get(), seen, producers);
  for (FakeQuantOp producer : producers)
    setBits(producer, policyBits);
  if (firstLast != "brecq")
    return;
  // The first layer's output: the first activation quantizer behind it.
  linalg::LinalgOp first = layers.front();
  auto region = first->getParentOfType<RegionOp>();
  for (FakeQuantOp op :
       region.getQuantizedBody().front().getOps<FakeQuantOp>())
    if (!op.getQuantizer().getAxis()) {
      setBits(op, policyBits);
      return;
    }
}

void InsertQuantizers::runOnOperation() {
  if (failed(checkOptions()))
    return signalPassFailure();
  SmallVector<linalg::LinalgOp> layers;
  SmallVector<RegionOp> regions;
  getOperation()->walk<WalkOrder::PreOrder>([&](RegionOp region) {
    regions.push_back(region);
    for (Operation &op : region.getQuantizedBody().front())
      if (isLayer(&op))
        layers.push_back(cast<linalg::LinalgOp>(op));
  });
  if (layers.empty())
    return;
  getOperation()->walk([&](func::ReturnOp op) {
    networkOutputs.insert(op->operand_begin(), op->operand_end());
  });
  for (RegionOp region : regions)
    quantizeActivations(region);
  bool policy = firstLast != "none";
  if (policy)
    applyPolicy(layers);
  for (linalg::LinalgOp layer : layers) {
    bool isEnd = layer == layers.front() || layer == layers.back();
    if (failed(quantizeWeight(layer,
                              policy && isEnd ? policyBits : weightBits)))
      return signalPassFailure();
  }
}
