// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a network and a calibration set must be.

#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/IR/PDQ.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Support/Files/Samples.h"
#include "pdq/Support/Options/PassOptionText.h"
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
    return function.emitError() << "network has " << function.getNumArguments()
                                << " inputs and " << function.getNumResults()
                                << " outputs, expected at least one each";
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

/// Makes `data` what the network takes as `input`; says what it takes images
/// for.
static LogicalResult fitInput(RankedTensorType input, InputData &data,
                              std::optional<Normalization> normalization,
                              int64_t samples) {
  auto form =
      SampleForm::choose(data.samples.getShape(), data.samples.getElementType(),
                         input, std::move(normalization));
  if (!form)
    return emitError(data.loc) << llvm::toString(form.takeError());
  if (llvm::Error error = form->check(data.samples))
    return emitError(data.loc) << llvm::toString(std::move(error));
  if (std::string text = form->describeImages(); !text.empty())
    emitRemark(data.loc) << text;
  data.samples = form->take(std::move(data.samples));
  int64_t found = data.samples.getShape().front();
  if (found != samples)
    return emitError(data.loc)
           << "calibration data has " << found
           << " samples, that of the first input has " << samples;
  return checkFinite(data.loc, data.samples);
}

/// Whether `data` is taken for images.
static bool isImage(RankedTensorType input, const InputData &data) {
  return input.getRank() == 4 && isa<FloatType>(input.getElementType()) &&
         data.samples.getElementType() == ElementType::U8;
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
  bool hasImages = false;
  for (auto [type, input] :
       llvm::zip_equal(function.getArgumentTypes(), data.inputs)) {
    auto tensor = cast<RankedTensorType>(type);
    std::optional<Normalization> normalization;
    if (isImage(tensor, input)) {
      normalization = data.normalization;
      hasImages = true;
    }
    if (failed(fitInput(tensor, input, std::move(normalization), samples)))
      return failure();
  }
  if (data.normalization && !hasImages)
    return emitError(optionLoc) << "options 'mean' and 'std' are for images of "
                                   "bytes, which no input "
                                   "of the calibration set is";
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
             << " as dimension 0; place the border elsewhere with "
             << inRegionName;
    }
    if (failed(checkQuantizers(region, batch)))
      return failure();
  }
  return success();
}
