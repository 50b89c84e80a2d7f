// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What quantizers learned, from and to the IR.

#include "pdq/Calibration/Parameters/Parameters.h"
#include "pdq/Support/TensorAttributes.h"

using namespace mlir;
using namespace mlir::pdq;

LogicalResult mlir::pdq::readParameters(RegionQuantizers &quantizers) {
  for (WeightQuantizer &quantizer : quantizers.weights) {
    FailureOr<HostTensor> scale = readElements(quantizer.op.getScale());
    FailureOr<HostTensor> zeroPoint = readElements(quantizer.op.getZeroPoint());
    if (failed(scale) || failed(zeroPoint))
      return failure();
    setParameters(quantizer, std::move(*scale), std::move(*zeroPoint));
  }
  for (ActivationQuantizer &quantizer : quantizers.activations) {
    FailureOr<HostTensor> scale = readElements(quantizer.op.getScale());
    FailureOr<HostTensor> zeroPoint = readElements(quantizer.op.getZeroPoint());
    if (failed(scale) || failed(zeroPoint))
      return failure();
    quantizer.scale = scale->values<float>()[0];
    quantizer.zeroPoint = zeroPoint->values<int32_t>()[0];
  }
  return success();
}

static void assign(FakeQuantOp op, const HostTensor &scale,
                   const HostTensor &zeroPoint) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  op.getScaleMutable().assign(buildConstant(b, scale));
  op.getZeroPointMutable().assign(buildConstant(b, zeroPoint));
}

LogicalResult mlir::pdq::initializeWeights(RegionQuantizers &quantizers,
                                           ScaleSearch &scales,
                                           Executor &executor) {
  for (WeightQuantizer &quantizer : quantizers.weights) {
    BufferRef weight =
        executor.allocate(quantizer.weight.getShape(), ElementType::F32);
    weight->write(quantizer.weight);
    FailureOr<QuantizerParameters> found = scales.searchWeight(
        quantizer.op.getLoc(), weight, quantizer.op.getQuantizer());
    if (failed(found))
      return failure();
    setParameters(quantizer, std::move(found->scale),
                  std::move(found->zeroPoint));
  }
  return success();
}

void mlir::pdq::writeScales(RegionOp region,
                            const RegionQuantizers &quantizers) {
  RegionQuantizers places = *collectQuantizers(region);
  for (auto [place, found] :
       llvm::zip_equal(places.weights, quantizers.weights))
    assign(place.op, found.scale, found.zeroPoint);
  for (auto [place, found] :
       llvm::zip_equal(places.activations, quantizers.activations)) {
    HostTensor scale({}, ElementType::F32), zeroPoint({}, ElementType::I32);
    scale.values<float>()[0] = found.scale;
    zeroPoint.values<int32_t>()[0] = found.zeroPoint;
    assign(place.op, scale, zeroPoint);
  }
}

void mlir::pdq::writeWeights(RegionOp region,
                             const RegionQuantizers &quantizers) {
  RegionQuantizers places = *collectQuantizers(region);
  for (auto [place, learned] :
       llvm::zip_equal(places.weights, quantizers.weights)) {
    ImplicitLocOpBuilder b(place.op.getLoc(), place.op);
    place.op.getInputMutable().assign(
        buildConstant(b, quantizeWeight(learned)));
  }
}

void mlir::pdq::writeStatus(RegionOp region, const RegionReport &report) {
  Builder b(region.getContext());
  region.setStatusAttr(
      CalibratedAttr::get(b.getContext(), report.iterations,
                          b.getF64FloatAttr(report.reconstructionLoss[0]),
                          b.getF64FloatAttr(report.reconstructionLoss[1]),
                          b.getF64FloatAttr(report.predictionDifference[0]),
                          b.getF64FloatAttr(report.predictionDifference[1])));
}
