// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts quantizers on the weights and the activations of quantized bodies
// (algorithm.md section 1).

#include "Structure.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INSERTQUANTIZERS
#include "pdq/Annotation/Passes.h.inc"
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
  LogicalResult checkNoQuantizers();
  void recordOptions();
  LogicalResult quantizeWeight(linalg::LinalgOp layer, unsigned bits);
  void quantizeActivations(RegionOp region);
  void applyPolicy(ArrayRef<linalg::LinalgOp> layers);

  /// Values that a layer depends on; others are never quantized: the network's
  /// output, also in front of a softmax.
  DenseSet<Value> feedsLayer;
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
  return getOperation().emitError() << "option 'first-last' is '" << firstLast
                                    << "', expected 'qdrop', 'brecq' or 'none'";
}

LogicalResult InsertQuantizers::checkNoQuantizers() {
  WalkResult result = getOperation().walk([](FakeQuantOp quantizer) {
    quantizer.emitError("network has quantizers already; expected one whose "
                        "regions compute in floating point");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void InsertQuantizers::recordOptions() {
  Builder b(&getContext());
  ModuleOp module = getOperation();
  recordOption(module, "weight-bits", b.getI64IntegerAttr(weightBits));
  recordOption(module, "activation-bits", b.getI64IntegerAttr(activationBits));
  recordOption(module, "first-last", b.getStringAttr(firstLast));
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

/// What is computed from one value alone: bias, activation function, views; and
/// what a reduction of the value goes back into (the mean and the deviation of
/// a layer norm, the sum of a softmax). A reduction that ends it (a pooling) is
/// no part of it.
struct Continuation {
  llvm::SmallSetVector<Operation *, 8> operations;
  /// All structured operations and views that depend on that value alone,
  /// those that are no part of the continuation too.
  DenseSet<Operation *> dependents;
  /// Values, the first one included, that something else reads.
  SmallVector<Value> outputs;
};

/// Finds a continuation: `values` are its own, `reach` are the results of the
/// dependents. Neither goes through a layer or a product of two data tensors.
class ContinuationFinder {
public:
  ContinuationFinder(Value start, const DataPath &path) : path(path) {
    values.insert(start);
    reach.insert(start);
  }
  Continuation run();

private:
  /// Data that an operation reads from inside of its payload is no operand.
  bool isComputedFrom(Operation *op, const llvm::SetVector<Value> &from) const {
    SmallVector<Value> operands = path.getDataOperands(op);
    return !operands.empty() && llvm::all_of(operands, [&](Value operand) {
      return from.contains(operand);
    });
  }
  void add(Operation *op);

  const DataPath &path;
  llvm::SetVector<Value> values, reach;
  Continuation result;
};

/// Whether an operation combines several values of the data path.
static bool isJoin(Operation *op, const DataPath &path) {
  return isElementwise(op) && path.getDataOperands(op).size() > 1;
}

/// Whether an operation is a layer, or a product of two data tensors as in
/// attention: its output is what is quantized.
static bool startsContinuation(Operation *op) {
  return isLayer(op) || isDataProduct(op);
}

/// Adds an operation and what it reads that is not there yet.
void ContinuationFinder::add(Operation *op) {
  if (!result.operations.insert(op))
    return;
  for (Value operand : path.getDataOperands(op))
    if (!values.contains(operand))
      add(operand.getDefiningOp());
  values.insert(op->result_begin(), op->result_end());
}

Continuation ContinuationFinder::run() {
  for (Operation *op : path.getOperations()) {
    bool isKnown = isView(op) || isa<linalg::LinalgOp>(op);
    if (!isKnown || startsContinuation(op) || !isComputedFrom(op, reach))
      continue;
    result.dependents.insert(op);
    reach.insert(op->result_begin(), op->result_end());
    bool continues = op->getNumResults() == 1 &&
                     (isView(op) || isElementwise(op)) &&
                     isComputedFrom(op, values);
    bool rejoins = isJoin(op, path) &&
                   llvm::any_of(path.getDataOperands(op), [&](Value operand) {
                     return values.contains(operand);
                   });
    if (continues || rejoins)
      add(op);
  }
  llvm::copy_if(values, std::back_inserter(result.outputs), [&](Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return !result.operations.contains(user);
    });
  });
  return std::move(result);
}

/// Adds the joins among the dependents of a value that are on the way to
/// another one of them: what they compute is a part of one function, such as a
/// layer norm or an interpolation.
static void collectInnerJoins(const Continuation &continuation,
                              const DataPath &path,
                              DenseSet<Operation *> &inner) {
  DenseSet<Operation *> leadsToJoin;
  for (Operation *op : llvm::reverse(path.getOperations())) {
    if (!continuation.dependents.contains(op))
      continue;
    bool leads = llvm::any_of(op->getUsers(), [&](Operation *user) {
      return continuation.dependents.contains(user) &&
             (isJoin(user, path) || leadsToJoin.contains(user));
    });
    if (!leads)
      continue;
    leadsToJoin.insert(op);
    if (isJoin(op, path))
      inner.insert(op);
  }
}

/// The inner joins of whatever is computed in a block.
static DenseSet<Operation *> findInnerJoins(Block &body, const DataPath &path) {
  SmallVector<Value> starts(body.getArguments());
  for (Operation *op : path.getOperations())
    llvm::append_range(starts, op->getResults());
  DenseSet<Operation *> inner;
  for (Value start : starts)
    collectInnerJoins(ContinuationFinder(start, path).run(), path, inner);
  return inner;
}

/// The value to be quantized behind a layer or a sum; null where it feeds a
/// sum alone, whose result is quantized instead.
static Value findOutput(Value start, const Continuation &continuation,
                        const DataPath &path) {
  Value output = start;
  if (continuation.outputs.size() == 1) {
    output = continuation.outputs.front();
  } else { // Goes different ways: what they have in common.
    while (output.hasOneUse() &&
           continuation.operations.contains(*output.user_begin()))
      output = output.user_begin()->getResult(0);
  }
  if (output.hasOneUse() && isJoin(*output.user_begin(), path))
    return Value();
  // Views move the batch around; in front of them it is where the layer has it.
  while (continuation.operations.contains(output.getDefiningOp()) &&
         isView(output.getDefiningOp()) &&
         getViewSource(output.getDefiningOp()).hasOneUse())
    output = getViewSource(output.getDefiningOp());
  return output;
}

/// Adds `value` and all values it depends on; regions are entered and left.
static void addBackwardSlice(Value value, DenseSet<Value> &slice) {
  SmallVector<Value> worklist = {value};
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (!slice.insert(next).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      auto region = dyn_cast<RegionOp>(argument.getOwner()->getParentOp());
      if (region)
        worklist.push_back(region.getInputs()[argument.getArgNumber()]);
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (auto region = dyn_cast<RegionOp>(op))
      worklist.push_back(
          region.getQuantizedBody().front().getTerminator()->getOperand(
              cast<OpResult>(next).getResultNumber()));
    else
      llvm::append_range(worklist, op->getOperands());
  }
}

void InsertQuantizers::quantizeActivations(RegionOp region) {
  Block &body = region.getQuantizedBody().front();
  DataPath path(body);
  llvm::SetVector<Value> outputs;
  // x * sigmoid(x) combines two values, but is one activation function.
  DenseSet<Operation *> activations = findInnerJoins(body, path);
  for (Operation *op : path.getOperations()) {
    bool isSum = isJoin(op, path) && !activations.contains(op);
    if (!isSum && !startsContinuation(op))
      continue;
    Value start = op->getResult(0);
    Continuation continuation = ContinuationFinder(start, path).run();
    if (continuation.outputs.size() == 1)
      activations.insert(continuation.operations.begin(),
                         continuation.operations.end());
    if (Value output = findOutput(start, continuation, path))
      outputs.insert(output);
  }
  for (Value output : outputs) {
    if (!feedsLayer.contains(output))
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
  op.setQuantizerAttr(
      QuantizerAttr::get(op.getContext(), bits, op.getQuantizer().getAxis()));
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
  for (FakeQuantOp op : region.getQuantizedBody().front().getOps<FakeQuantOp>())
    if (!op.getQuantizer().getAxis()) {
      setBits(op, policyBits);
      return;
    }
}

void InsertQuantizers::runOnOperation() {
  if (failed(checkOptions()) || failed(checkNoQuantizers()))
    return signalPassFailure();
  recordOptions();
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
  for (linalg::LinalgOp layer : layers)
    addBackwardSlice(layer.getDpsInputOperand(0)->get(), feedsLayer);
  for (RegionOp region : regions)
    quantizeActivations(region);
  bool policy = firstLast != "none";
  if (policy)
    applyPolicy(layers);
  for (linalg::LinalgOp layer : layers) {
    bool isEnd = layer == layers.front() || layer == layers.back();
    if (failed(
            quantizeWeight(layer, policy && isEnd ? policyBits : weightBits)))
      return signalPassFailure();
  }
}
