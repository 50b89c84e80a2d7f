// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a network and a calibration set must be.

#include "Inputs.h"
#include "pdq/IR/PDQ.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

FailureOr<func::FuncOp> mlir::pdq::findNetwork(ModuleOp module) {
  func::FuncOp network;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration() ||
        function.getBody().front().getOps<RegionOp>().empty())
      continue;
    if (network)
      return function.emitError(
          "second function with regions; expected one network");
    network = function;
  }
  if (!network)
    return module.emitError(
        "no function with pdq.region; run -pdq-annotate first");
  return network;
}

/// Finds samples that would spoil every loss.
static LogicalResult checkFinite(Location loc, const HostTensor &data) {
  ArrayRef<float> values = data.values<float>();
  const float *found =
      llvm::find_if(values, [](float value) { return !std::isfinite(value); });
  if (found == values.end())
    return success();
  int64_t inSample = values.size() / data.getShape().front();
  return emitError(loc) << "calibration data is not finite: sample "
                        << (found - values.begin()) / inSample << " contains "
                        << *found;
}

LogicalResult mlir::pdq::checkNetwork(func::FuncOp function, bool needsLogits) {
  if (function.getNumArguments() != 1 || function.getNumResults() != 1)
    return function.emitError()
           << "network has " << function.getNumArguments() << " arguments and "
           << function.getNumResults() << " results, expected one of each";
  auto input = dyn_cast<RankedTensorType>(function.getArgumentTypes()[0]);
  auto output = dyn_cast<RankedTensorType>(function.getResultTypes()[0]);
  if (!input || !input.getElementType().isF32())
    return function.emitError()
           << "network takes " << function.getArgumentTypes()[0]
           << ", expected a tensor of f32";
  bool isKnown =
      output && output.getElementType().isF32() && output.getRank() > 0;
  if (!isKnown || (output.getRank() != 2 && needsLogits))
    return function.emitError()
           << "network returns " << function.getResultTypes()[0]
           << ", expected logits of f32 of rank 2 (batch, classes)"
           << (isKnown ? "; other outputs need prediction-difference=false"
                       : "");
  return success();
}

LogicalResult mlir::pdq::checkData(func::FuncOp function,
                                   const HostTensor &data, Location loc) {
  auto input = cast<RankedTensorType>(function.getArgumentTypes()[0]);
  ArrayRef<int64_t> found = data.getShape();
  bool matches = data.getElementType() == ElementType::F32 &&
                 found.size() == static_cast<size_t>(input.getRank()) &&
                 found.drop_front() == input.getShape().drop_front() &&
                 found.front() > 0;
  if (matches)
    return checkFinite(loc, data);
  InFlightDiagnostic diag = emitError(loc, "calibration data is ");
  diag << getName(data.getElementType()) << " [";
  llvm::interleaveComma(found, diag);
  diag << "], expected f32 [N";
  for (int64_t size : input.getShape().drop_front())
    diag << ", " << size;
  return diag << "]";
}

/// Checks that each activation quantizer sees whole samples.
static LogicalResult checkQuantizers(RegionOp region, int64_t batch) {
  for (auto quantizer :
       region.getQuantizedBody().front().getOps<FakeQuantOp>()) {
    auto type = cast<RankedTensorType>(quantizer.getType());
    bool isWeight = quantizer.getQuantizer().getAxis().has_value();
    if (!isWeight &&
        (type.getRank() == 0 || type.getNumElements() % batch != 0))
      return quantizer.emitError()
             << "quantized value of type " << type
             << " does not have the batch " << batch << " in its shape";
  }
  return success();
}

LogicalResult mlir::pdq::checkBorders(func::FuncOp network, int64_t batch) {
  for (Operation &op : network.getBody().front()) {
    auto region = dyn_cast<RegionOp>(op);
    if (!region)
      continue;
    SmallVector<Value> border(region.getInputs());
    llvm::append_range(border, region.getResults());
    for (Value value : border) {
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getRank() > 0 && type.getDimSize(0) == batch)
        continue;
      return region.emitError()
             << "value of type " << type << " at the border of region @"
             << region.getSymName() << " does not have the batch " << batch
             << " as dimension 0; place the border elsewhere with pdq.region";
    }
    if (failed(checkQuantizers(region, batch)))
      return failure();
  }
  return success();
}
