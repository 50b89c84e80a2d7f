// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which products of a network are quantized.

#include "pdq/Annotation/Quantizers/Coverage.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/Annotation/Quantizers/ProductInputs.h"
#include "pdq/IR/PDQ.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::pdq;

using Operand = ProductCoverage::Operand;

static StringRef getText(FloatReason reason) {
  switch (reason) {
  case FloatReason::None:
    return "quantized";
  case FloatReason::NetworkInput:
    return "the network's input";
  case FloatReason::OutsideRegion:
    return "outside of regions";
  case FloatReason::NotConstant:
    return "not constant";
  case FloatReason::Unsupported:
    return "computed outside of regions";
  }
  llvm_unreachable("unknown reason");
}

/// Whether floating point for this reason is what the user asked for.
static bool isPolicy(FloatReason reason) {
  return reason == FloatReason::NetworkInput ||
         reason == FloatReason::OutsideRegion;
}

//===----------------------------------------------------------------------===//
// Computing
//===----------------------------------------------------------------------===//

/// The weight of a product, followed back through views.
static Operand coverWeight(Value value, bool isInRegion) {
  while (isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  if (auto quantizer = value.getDefiningOp<FakeQuantOp>())
    return {/*isWeight=*/true, quantizer.getQuantizer().getBits()};
  if (auto rounding = value.getDefiningOp<AdaRoundOp>())
    return {/*isWeight=*/true, rounding.getQuantizer().getBits()};
  return {/*isWeight=*/true, 0,
          isInRegion ? FloatReason::NotConstant : FloatReason::OutsideRegion};
}

/// The data that a product reads: as wide as the widest quantizer in front.
static Operand coverInput(OpOperand &operand, ProductInputFinder &finder) {
  Operand result{/*isWeight=*/false};
  ProductInput input = finder.find(operand);
  if (!input.networkInputs.empty())
    result.reason = FloatReason::NetworkInput;
  for (Value value : input.computed) {
    if (auto quantizer = value.getDefiningOp<FakeQuantOp>())
      result.bits =
          std::max<unsigned>(result.bits, quantizer.getQuantizer().getBits());
    else
      result.reason = FloatReason::Unsupported;
  }
  if (result.reason != FloatReason::None)
    result.bits = 0;
  return result;
}

static ProductCoverage coverProduct(linalg::LinalgOp product,
                                    ProductInputFinder &finder) {
  auto region = product->getParentOfType<RegionOp>();
  ProductCoverage coverage{
      product, region ? region.getSymName().str() : "", {}};
  SmallVector<OpOperand *> data = finder.getDataOperands(product);
  for (OpOperand *operand : product.getDpsInputOperands())
    coverage.operands.push_back(
        llvm::is_contained(data, operand)
            ? coverInput(*operand, finder)
            : coverWeight(operand->get(), static_cast<bool>(region)));
  return coverage;
}

/// Adds the products of a block, in the order of the network.
static void coverBlock(Block &block, ProductInputFinder &finder,
                       Coverage &coverage) {
  DataPath path(block);
  for (Operation *op : path.getOperations()) {
    if (auto region = dyn_cast<RegionOp>(op))
      coverBlock(region.getQuantizedBody().front(), finder, coverage);
    else if (isMultiplyAccumulate(op))
      coverage.products.push_back(
          coverProduct(cast<linalg::LinalgOp>(op), finder));
  }
}

Coverage mlir::pdq::computeCoverage(ModuleOp module) {
  Coverage coverage;
  ProductInputFinder finder;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration() && function.getBody().hasOneBlock())
      coverBlock(function.getBody().front(), finder, coverage);
  return coverage;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

bool ProductCoverage::isUnexpected() const {
  return llvm::any_of(operands, [](const Operand &operand) {
    return operand.bits == 0 && !isPolicy(operand.reason);
  });
}

std::string ProductCoverage::describe() const {
  std::string text;
  for (const Operand &operand : operands) {
    text += text.empty() ? "" : ", ";
    text += operand.isWeight ? "weight " : "input ";
    text += operand.bits ? llvm::utostr(operand.bits)
                         : "float (" + getText(operand.reason).str() + ")";
  }
  return text;
}

std::string Coverage::getSummary() const {
  unsigned quantized[2] = {}, all[2] = {}, policy[2] = {};
  for (const ProductCoverage &product : products)
    for (const Operand &operand : product.operands) {
      ++all[operand.isWeight];
      quantized[operand.isWeight] += operand.bits != 0;
      policy[operand.isWeight] += isPolicy(operand.reason);
    }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << quantized[1] << " of " << all[1] << " weights and " << quantized[0]
     << " of " << all[0] << " inputs of products are quantized";
  if (unsigned byPolicy = policy[0] + policy[1])
    os << ", " << byPolicy << " float by policy";
  unsigned others =
      all[0] + all[1] - quantized[0] - quantized[1] - policy[0] - policy[1];
  if (others)
    os << ", " << others << " float for another reason";
  return text;
}

std::string Coverage::getTable() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const ProductCoverage &product : products) {
    os << (text.empty() ? "" : "\n")
       << llvm::left_justify(product.region.empty() ? "-" : product.region, 12)
       << llvm::left_justify(product.op->getName().getStringRef(), 36)
       << product.describe();
  }
  return text;
}

llvm::json::Array Coverage::toJSON() const {
  llvm::json::Array array;
  for (const ProductCoverage &product : products) {
    llvm::json::Array weights, inputs;
    std::string reason;
    for (const Operand &operand : product.operands) {
      (operand.isWeight ? weights : inputs).push_back(int64_t(operand.bits));
      if (operand.bits == 0)
        reason = getText(operand.reason).str();
    }
    std::string location;
    llvm::raw_string_ostream(location) << product.op->getLoc();
    array.push_back(
        llvm::json::Object{{"region", product.region},
                           {"operation", product.op->getName().getStringRef()},
                           {"location", location},
                           {"weight_bits", std::move(weights)},
                           {"input_bits", std::move(inputs)},
                           {"reason", reason}});
  }
  return array;
}
