// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts quantizers on the weights and the activations of quantized bodies. The
// rule of placement stands in docs/Rationale.md.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/Annotation/Quantizers/Coverage.h"
#include "pdq/Annotation/Quantizers/ProductInputs.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Support/Options/OptionErrors.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INSERTQUANTIZERS
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Width of what the 8-bit policy names.
static constexpr unsigned policyBits = 8;

namespace {
/// The layers at the ends of a network: several where it has several inputs or
/// outputs.
struct NetworkEnds {
  DenseSet<Operation *> first, last;

  bool contains(Operation *layer) const {
    return first.contains(layer) || last.contains(layer);
  }
};

struct InsertQuantizers : pdq::impl::InsertQuantizersBase<InsertQuantizers> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  LogicalResult checkNoQuantizers();
  void recordOptions();
  LogicalResult quantizeWeight(linalg::LinalgOp layer, unsigned bits);
  void quantizeActivation(Value value, unsigned bits);
  void quantizeActivations(ArrayRef<linalg::LinalgOp> products);
  void widenActivations(ArrayRef<linalg::LinalgOp> products,
                        const NetworkEnds &ends);
  LogicalResult reportCoverage();
};
} // namespace

LogicalResult InsertQuantizers::checkOptions() {
  for (unsigned bits : {weightBits.getValue(), activationBits.getValue()})
    if (bits < 2 || bits > 8)
      return emitError(getOptionsLocation(&getContext()))
             << "option 'weight-bits' or 'activation-bits' is " << bits
             << ", expected 2 to 8";
  if (inputBits != 0 && (inputBits < 2 || inputBits > 8))
    return emitError(getOptionsLocation(&getContext()))
           << "option 'input-bits' is " << inputBits.getValue()
           << ", expected 2 to 8, or 0 for floating point";
  return success();
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
  if (inputBits != 0)
    recordOption(module, "input-bits", b.getI64IntegerAttr(inputBits));
  if (placement != QuantizerPlacement::Paper)
    recordOption(
        module, "placement",
        b.getStringAttr(getValueName(placement, placement.getValue())));
  recordOption(module, "first-last",
               b.getStringAttr(getValueName(firstLast, firstLast.getValue())));
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

/// Whether a value belongs to the quantized body of a region.
static bool isInQuantizedBody(Value value) {
  auto region = dyn_cast<RegionOp>(value.getParentBlock()->getParentOp());
  return region && value.getParentRegion() == &region.getQuantizedBody();
}

void InsertQuantizers::quantizeActivation(Value value, unsigned bits) {
  OpBuilder builder(&getContext());
  builder.setInsertionPointAfterValue(value);
  auto quantized = FakeQuantOp::create(
      builder, value.getLoc(), value.getType(), value, /*scale=*/Value(),
      /*zero_point=*/Value(), /*keep=*/Value(),
      QuantizerAttr::get(&getContext(), bits, std::nullopt));
  value.replaceAllUsesExcept(quantized, quantized);
  ++numActivations;
}

/// What sums of two activations and averages read in quantized bodies, and
/// averages between regions.
static SmallVector<OpOperand *> findSummands(ModuleOp module,
                                             ProductInputFinder &finder) {
  SmallVector<OpOperand *> summands;
  module->walk<WalkOrder::PreOrder>([&](RegionOp region) {
    for (Operation &op : region.getQuantizedBody().front()) {
      llvm::append_range(summands, finder.getSummands(&op));
      llvm::append_range(summands, finder.getAveraged(&op));
    }
  });
  for (auto function : module.getOps<func::FuncOp>())
    for (Block &block : function.getBody())
      for (Operation &op : block)
        llvm::append_range(summands, finder.getAveraged(&op));
  return summands;
}

/// The input of the quantized body that `operand` reads through same-scale
/// operations alone; the operand itself where there is none.
static Value findBodyInput(OpOperand &operand) {
  Value value = operand.get();
  while (Operation *op = value.getDefiningOp()) {
    if (!isSameScale(op))
      return operand.get();
    value = op->getOperand(0);
  }
  return value;
}

/// Quantizes what products read, and sums where the placement says so. What is
/// computed outside of regions stays as it is, since nothing there is
/// calibrated.
void InsertQuantizers::quantizeActivations(
    ArrayRef<linalg::LinalgOp> products) {
  bool isFull = placement == QuantizerPlacement::Full;
  ProductInputFinder finder(/*stopsAtAverages=*/isFull);
  SmallVector<OpOperand *> operands;
  for (linalg::LinalgOp product : products)
    llvm::append_range(operands, finder.getDataOperands(product));
  if (isFull)
    llvm::append_range(operands, findSummands(getOperation(), finder));
  llvm::MapVector<Value, unsigned> bits;
  for (OpOperand *operand : operands) {
    ProductInput input = finder.find(*operand);
    for (Value value : input.computed) {
      // A body can quantize what it reads, wherever that was computed.
      bool isBorder = isFull && !isInQuantizedBody(value);
      bits.insert({isBorder ? findBodyInput(*operand) : value, activationBits});
    }
    if (inputBits != 0)
      for (Value value : input.networkInputs)
        bits.insert({value, inputBits});
  }
  for (auto [value, width] : bits)
    if (isInQuantizedBody(value))
      quantizeActivation(value, width);
}

//===----------------------------------------------------------------------===//
// 8-bit policy
//===----------------------------------------------------------------------===//

/// Whether a product computes a part of `value`; adds everything between them,
/// those products included, to `slice`.
static bool followsProduct(Value value, DenseSet<Operation *> &products) {
  llvm::SetVector<Value> slice;
  slice.insert(value);
  bool found = false;
  for (size_t i = 0; i < slice.size(); ++i) {
    Value other = lookThroughRegion(slice[i]);
    Operation *op = other.getDefiningOp();
    if (other != slice[i]) {
      slice.insert(other);
    } else if (isMultiplyAccumulate(op)) {
      products.insert(op);
      found = true;
    } else if (op) {
      slice.insert(op->operand_begin(), op->operand_end());
    }
  }
  return found;
}

/// First layers read no product's result, last layers are read by none.
static NetworkEnds findEnds(ArrayRef<linalg::LinalgOp> products) {
  ProductInputFinder finder;
  NetworkEnds ends;
  DenseSet<Operation *> read;
  for (linalg::LinalgOp product : products) {
    SmallVector<OpOperand *> operands = finder.getDataOperands(product);
    bool follows = false;
    for (OpOperand *operand : operands)
      follows |= followsProduct(operand->get(), read);
    if (!follows && operands.size() == 1)
      ends.first.insert(product);
  }
  for (linalg::LinalgOp product : products)
    if (!read.contains(product) && finder.getDataOperands(product).size() == 1)
      ends.last.insert(product);
  return ends;
}

static void setBits(FakeQuantOp op, unsigned bits) {
  op.setQuantizerAttr(
      QuantizerAttr::get(op.getContext(), bits, op.getQuantizer().getAxis()));
}

/// The inputs of the last layers have 8 bits; with `brecq` the outputs of the
/// first ones too.
void InsertQuantizers::widenActivations(ArrayRef<linalg::LinalgOp> products,
                                        const NetworkEnds &ends) {
  ProductInputFinder finder;
  for (linalg::LinalgOp product : products) {
    if (ends.last.contains(product))
      for (OpOperand *operand : finder.getDataOperands(product))
        for (Value value : finder.find(*operand).computed)
          if (auto quantizer = value.getDefiningOp<FakeQuantOp>())
            setBits(quantizer, policyBits);
    if (firstLast != FirstLastPolicy::BRECQ || !ends.first.contains(product))
      continue;
    for (auto quantizer : product->getBlock()->getOps<FakeQuantOp>())
      if (product->isBeforeInBlock(quantizer)) {
        setBits(quantizer, policyBits);
        break;
      }
  }
}

/// Says what is quantized and what is not; with `strict` a product that reads
/// floating point for no reason of policy is an error.
LogicalResult InsertQuantizers::reportCoverage() {
  Coverage coverage = computeCoverage(getOperation());
  if (coverage.products.empty())
    return success();
  getOperation().emitRemark(coverage.getSummary()).attachNote()
      << "products:\n"
      << coverage.getTable();
  if (!strict)
    return success();
  for (const ProductCoverage &product : coverage.products)
    if (product.isUnexpected())
      return product.op->emitError("product is not quantized: ")
             << product.describe()
             << "; option 'strict' allows floating point by policy alone";
  return success();
}

void InsertQuantizers::runOnOperation() {
  if (failed(checkOptions()) || failed(checkNoQuantizers()))
    return signalPassFailure();
  recordOptions();
  SmallVector<linalg::LinalgOp> products;
  getOperation()->walk<WalkOrder::PreOrder>([&](RegionOp region) {
    DataPath path(region.getQuantizedBody().front());
    for (Operation *op : path.getOperations())
      if (isMultiplyAccumulate(op))
        products.push_back(cast<linalg::LinalgOp>(op));
  });
  if (products.empty())
    return;
  quantizeActivations(products);
  NetworkEnds ends;
  if (firstLast != FirstLastPolicy::None) {
    ends = findEnds(products);
    widenActivations(products, ends);
  }
  // Behind activations: a quantized weight is no constant any more.
  for (linalg::LinalgOp product : products)
    if (isLayer(product) &&
        failed(quantizeWeight(product, ends.contains(product) ? policyBits
                                                              : weightBits)))
      return signalPassFailure();
  if (failed(reportCoverage()))
    return signalPassFailure();
}
