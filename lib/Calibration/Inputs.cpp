// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a network and a calibration set must be.

#include "Inputs.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/PassOptionText.h"
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
  if (network)
    return network;
  // Annotation records its options; it has been there and found nothing.
  if (getRecordedOptions(module).contains("granularity"))
    return module.emitError("network has no layer with a constant weight in "
                            "f32: there is nothing to quantize");
  return module.emitError(
      "no function with pdq.region; run -pdq-annotate first");
}

//===----------------------------------------------------------------------===//
// Network
//===----------------------------------------------------------------------===//

static LogicalResult checkType(func::FuncOp function, Type type, StringRef what,
                               size_t number, int64_t batch) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.hasStaticShape() && tensor.getRank() > 0 &&
      tensor.getDimSize(0) == batch &&
      succeeded(getElementType(tensor.getElementType())))
    return success();
  return function.emitError()
         << what << " " << number << " of the network is " << type
         << ", expected a tensor with the batch, " << batch
         << ", as dimension 0; export it with a batch, or as a constant";
}

LogicalResult mlir::pdq::checkNetwork(func::FuncOp function) {
  if (function.getNumArguments() == 0 || function.getNumResults() == 0)
    return function.emitError()
           << "network has " << function.getNumArguments() << " inputs and "
           << function.getNumResults() << " outputs, expected at least one each";
  auto first = dyn_cast<RankedTensorType>(function.getArgumentTypes()[0]);
  int64_t batch = first && first.getRank() > 0 ? first.getDimSize(0) : 1;
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(checkType(function, type, "input", number, batch)))
      return failure();
  for (auto [number, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(checkType(function, type, "output", number, batch)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// Finds samples that would spoil every loss.
static LogicalResult checkFinite(Location loc, const HostTensor &data) {
  if (data.getElementType() != ElementType::F32)
    return success();
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

template <typename To, typename From>
static FailureOr<HostTensor> convert(const HostTensor &data, ElementType type) {
  HostTensor result(data.getShape(), type);
  for (auto [to, from] : llvm::zip_equal(result.values<To>(),
                                         data.values<From>())) {
    to = static_cast<To>(from);
    if (std::is_integral_v<From> && static_cast<From>(to) != from)
      return failure();
  }
  return result;
}

template <typename To>
static FailureOr<HostTensor> convertIntegers(const HostTensor &data,
                                             ElementType type) {
  switch (data.getElementType()) {
  case ElementType::I1:
  case ElementType::U8:
    return convert<To, uint8_t>(data, type);
  case ElementType::I8:
    return convert<To, int8_t>(data, type);
  case ElementType::I32:
    return convert<To, int32_t>(data, type);
  case ElementType::I64:
    return convert<To, int64_t>(data, type);
  default:
    return failure();
  }
}

/// The data as numbers of the network's type; failure where they would change.
static FailureOr<HostTensor> convertTo(const HostTensor &data,
                                       ElementType type) {
  ElementType from = data.getElementType();
  if (type == ElementType::F32 && from == ElementType::F64)
    return convert<float, double>(data, type);
  if (type == ElementType::I32)
    return convertIntegers<int32_t>(data, type);
  if (type == ElementType::I64)
    return convertIntegers<int64_t>(data, type);
  return failure();
}

static LogicalResult fitInput(RankedTensorType input, InputData &data,
                              int64_t samples) {
  ArrayRef<int64_t> found = data.samples.getShape();
  bool matches = found.size() == static_cast<size_t>(input.getRank()) &&
                 found.drop_front() == input.getShape().drop_front() &&
                 found.front() > 0;
  ElementType type = *getElementType(input.getElementType());
  if (matches && data.samples.getElementType() != type) {
    FailureOr<HostTensor> converted = convertTo(data.samples, type);
    matches = succeeded(converted);
    if (matches)
      data.samples = std::move(*converted);
  }
  if (matches && found.front() != samples)
    return emitError(data.loc)
           << "calibration data has " << found.front()
           << " samples, that of the first input has " << samples;
  if (matches)
    return checkFinite(data.loc, data.samples);
  InFlightDiagnostic diag = emitError(data.loc, "calibration data is ");
  diag << getName(data.samples.getElementType()) << " [";
  llvm::interleaveComma(found, diag);
  diag << "], expected " << getName(type) << " [N";
  for (int64_t size : input.getShape().drop_front())
    diag << ", " << size;
  return diag << "]";
}

LogicalResult mlir::pdq::fitData(func::FuncOp function, CalibrationData &data,
                                 Location optionLoc) {
  if (data.inputs.size() != function.getNumArguments())
    return emitError(optionLoc)
           << "option 'calibration' names " << data.inputs.size()
           << " files, the network has " << function.getNumArguments()
           << " inputs; expected one for each, separated by commas";
  ArrayRef<int64_t> first = data.inputs.front().samples.getShape();
  int64_t samples = first.empty() ? 0 : first.front();
  for (auto [type, input] :
       llvm::zip_equal(function.getArgumentTypes(), data.inputs))
    if (failed(fitInput(cast<RankedTensorType>(type), input, samples)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Borders
//===----------------------------------------------------------------------===//

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
