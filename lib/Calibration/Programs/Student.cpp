// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The student of a region as a function of its parameters.

#include "pdq/Calibration/Programs/Student.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/Constants.h"
#include "pdq/Support/TensorAttributes.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

FailureOr<RegionQuantizers> mlir::pdq::collectQuantizers(RegionOp region) {
  RegionQuantizers quantizers;
  for (FakeQuantOp op :
       region.getQuantizedBody().front().getOps<FakeQuantOp>()) {
    if (!matchPattern(op.getInput(), m_Constant())) {
      quantizers.activations.push_back({op});
      continue;
    }
    FailureOr<HostTensor> weight = readElements(op.getInput());
    if (failed(weight))
      return failure();
    quantizers.weights.emplace_back();
    quantizers.weights.back().op = op;
    quantizers.weights.back().weight = std::move(*weight);
  }
  return quantizers;
}

//===----------------------------------------------------------------------===//
// Elements and their channels
//===----------------------------------------------------------------------===//

/// Calls `visit(element, channel)` for every element of the weight.
static void forEachElement(const WeightQuantizer &quantizer,
                           function_ref<void(size_t, size_t)> visit) {
  forEachAlongAxis(quantizer.weight.getShape(),
                   FakeQuantOp(quantizer.op).getQuantizer().getAxis(),
                   [&](int64_t i, int64_t channel) { visit(i, channel); });
}

/// The weight in steps of the scale that it is rounded by.
static HostTensor getSteps(const WeightQuantizer &quantizer) {
  HostTensor steps(quantizer.weight.getShape(), ElementType::F32);
  ArrayRef<float> weight = quantizer.weight.values<float>();
  ArrayRef<float> scales = quantizer.roundingScale.values<float>();
  MutableArrayRef<float> results = steps.values<float>();
  forEachElement(quantizer, [&](size_t i, size_t channel) {
    results[i] = weight[i] / scales[channel];
  });
  return steps;
}

void mlir::pdq::setParameters(WeightQuantizer &quantizer, HostTensor scale,
                              HostTensor zeroPoint) {
  quantizer.roundingScale = scale.clone();
  quantizer.scale = std::move(scale);
  quantizer.zeroPoint = std::move(zeroPoint);
}

//===----------------------------------------------------------------------===//
// Student functions
//===----------------------------------------------------------------------===//

namespace {
/// Builds one student function.
class StudentBuilder {
public:
  StudentBuilder(ModuleOp module, StringRef name, RegionOp region,
                 const RegionQuantizers &quantizers,
                 const StudentOptions &options)
      : region(region), quantizers(quantizers), options(options),
        builder(module.getLoc(), module.getContext()) {
    builder.setInsertionPointToEnd(module.getBody());
    function =
        func::FuncOp::create(builder, name, builder.getFunctionType({}, {}));
    function.setPrivate();
  }

  FailureOr<func::FuncOp> build();

private:
  Value buildRounded(const WeightQuantizer &quantizer, FakeQuantOp op,
                     Value rounding);
  Value buildRescaled(const WeightQuantizer &quantizer, FakeQuantOp op,
                      Value rounding, Value scale);
  void bindWeights();
  void bindActivations();
  void addMasks();
  Value addArgument(Type type) {
    return function.getBody().front().addArgument(type, builder.getLoc());
  }

  RegionOp region;
  const RegionQuantizers &quantizers;
  const StudentOptions &options;
  ImplicitLocOpBuilder builder;
  func::FuncOp function;
  IRMapping mapping;
};
} // namespace

FailureOr<func::FuncOp> StudentBuilder::build() {
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  for (Type type : region.getInputs().getTypes())
    addArgument(type);
  SmallVector<Value> results = cloneBody(builder, region.getQuantizedBody(),
                                         block->getArguments(), mapping);
  bindWeights();
  bindActivations();
  if (options.observe)
    for (const ActivationQuantizer &quantizer : quantizers.activations) {
      Value clone = mapping.lookup(FakeQuantOp(quantizer.op).getResult());
      results.push_back(clone.getDefiningOp<FakeQuantOp>().getInput());
    }
  func::ReturnOp::create(builder, results);
  function.setType(builder.getFunctionType(block->getArgumentTypes(),
                                           TypeRange(ValueRange(results))));
  auto inputs =
      llvm::to_vector(llvm::seq<unsigned>(0, region.getInputs().size()));
  if (failed(rebatch(function, options.batch, inputs)))
    return failure();
  if (options.keep < 1.0)
    addMasks();
  return function;
}

/// round_2: the weight whose rounding is an argument.
Value StudentBuilder::buildRounded(const WeightQuantizer &quantizer,
                                   FakeQuantOp op, Value rounding) {
  return AdaRoundOp::create(builder, op.getType(), op.getInput(), rounding,
                            buildConstant(builder, quantizer.scale),
                            buildConstant(builder, quantizer.zeroPoint),
                            op.getQuantizer(), /*hard=*/false);
}

/// round_6: the weight in steps of its first scale, rounded, times a scale that
/// is an argument.
Value StudentBuilder::buildRescaled(const WeightQuantizer &quantizer,
                                    FakeQuantOp op, Value rounding,
                                    Value scale) {
  HostTensor ones(quantizer.scale.getShape(), ElementType::F32);
  llvm::fill(ones.values<float>(), 1.0f);
  auto steps = AdaRoundOp::create(
      builder, op.getType(), buildConstant(builder, getSteps(quantizer)),
      rounding, buildConstant(builder, ones),
      buildConstant(builder, quantizer.zeroPoint), op.getQuantizer(),
      /*hard=*/false);
  return buildElementwise(
      builder, steps, {steps, scale},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::MulFOp::create(body, args[0], args[1]);
      },
      op.getQuantizer().getAxis());
}

void StudentBuilder::bindWeights() {
  SmallVector<Value> weights, scales;
  for (const WeightQuantizer &quantizer : quantizers.weights)
    weights.push_back(addArgument(quantizer.getType()));
  if (options.weightScales)
    for (const WeightQuantizer &quantizer : quantizers.weights)
      scales.push_back(addArgument(RankedTensorType::get(
          quantizer.scale.getShape(), builder.getF32Type())));
  for (auto [index, quantizer] : llvm::enumerate(quantizers.weights)) {
    Value clone = mapping.lookup(FakeQuantOp(quantizer.op).getResult());
    auto op = clone.getDefiningOp<FakeQuantOp>();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op);
    Value bound = weights[index];
    if (options.weightScales)
      bound = buildRescaled(quantizer, op, bound, scales[index]);
    else if (options.weights == WeightForm::Rounding)
      bound = buildRounded(quantizer, op, bound);
    op.replaceAllUsesWith(bound);
    op.erase();
  }
}

void StudentBuilder::bindActivations() {
  SmallVector<FakeQuantOp> clones;
  for (const ActivationQuantizer &quantizer : quantizers.activations)
    clones.push_back(mapping.lookup(FakeQuantOp(quantizer.op).getResult())
                         .getDefiningOp<FakeQuantOp>());
  for (FakeQuantOp clone : clones) {
    Type elementType = getElementTypeOrSelf(clone.getType());
    clone.getScaleMutable().assign(
        addArgument(RankedTensorType::get({}, elementType)));
  }
  for (FakeQuantOp clone : clones)
    clone.getZeroPointMutable().assign(
        addArgument(RankedTensorType::get({}, builder.getI32Type())));
}

void StudentBuilder::addMasks() {
  auto stepType = RankedTensorType::get({}, builder.getI64Type());
  Value step = addArgument(stepType);
  function.setType(
      builder.getFunctionType(function.getBody().front().getArgumentTypes(),
                              function.getResultTypes()));
  int64_t stream = options.stream;
  function.walk([&](FakeQuantOp op) {
    builder.setInsertionPoint(op);
    auto type = cast<RankedTensorType>(op.getType()).clone(builder.getI1Type());
    op.getKeepMutable().assign(BernoulliOp::create(
        builder, type, step, APFloat(options.keep), options.seed, stream++));
  });
}

FailureOr<func::FuncOp>
mlir::pdq::buildStudent(ModuleOp module, StringRef name, RegionOp region,
                        const RegionQuantizers &quantizers,
                        const StudentOptions &options) {
  return StudentBuilder(module, name, region, quantizers, options).build();
}

//===----------------------------------------------------------------------===//
// Weights on the host
//===----------------------------------------------------------------------===//

/// The rounding logits, or nothing where rounding is to nearest.
static ArrayRef<float> getRounding(const WeightQuantizer &quantizer) {
  return quantizer.rounding ? quantizer.rounding->values<float>()
                            : ArrayRef<float>();
}

/// The integers to which a weight goes: to nearest, or as decided by the logits
/// of `rounding` (round_4) where there are any.
static SmallVector<float> computeIntegers(const WeightQuantizer &quantizer,
                                          ArrayRef<float> rounding) {
  HostTensor steps = getSteps(quantizer);
  ArrayRef<float> values = steps.values<float>();
  ArrayRef<int32_t> zeroPoints = quantizer.zeroPoint.values<int32_t>();
  SmallVector<float> integers(values.size());
  float max = FakeQuantOp(quantizer.op).getQuantizer().getMaxValue();
  forEachElement(quantizer, [&](size_t i, size_t channel) {
    float q = rounding.empty()
                  ? std::nearbyint(values[i])
                  : std::floor(values[i]) + (rounding[i] >= 0 ? 1.0f : 0.0f);
    integers[i] = std::clamp(q + zeroPoints[channel], 0.0f, max);
  });
  return integers;
}

HostTensor mlir::pdq::quantizeWeight(const WeightQuantizer &quantizer) {
  HostTensor result(quantizer.weight.getShape(), ElementType::F32);
  MutableArrayRef<float> quantized = result.values<float>();
  SmallVector<float> integers =
      computeIntegers(quantizer, getRounding(quantizer));
  ArrayRef<float> scales = quantizer.scale.values<float>();
  ArrayRef<int32_t> zeroPoints = quantizer.zeroPoint.values<int32_t>();
  forEachElement(quantizer, [&](size_t i, size_t channel) {
    quantized[i] = (integers[i] - zeroPoints[channel]) * scales[channel];
  });
  return result;
}

HostTensor mlir::pdq::initializeRounding(const WeightQuantizer &quantizer) {
  HostTensor logits = getSteps(quantizer);
  for (float &value : logits.values<float>()) {
    float rest = value - std::floor(value);
    value = -std::log(1.2f / (rest + 0.1f) - 1.0f);
  }
  return logits;
}

int64_t mlir::pdq::countFlipped(const WeightQuantizer &quantizer) {
  SmallVector<float> nearest = computeIntegers(quantizer, {});
  SmallVector<float> learned =
      computeIntegers(quantizer, getRounding(quantizer));
  int64_t flipped = 0;
  for (auto [a, b] : llvm::zip_equal(nearest, learned))
    flipped += a != b;
  return flipped;
}

// report_1
QuantizerReport mlir::pdq::describe(const WeightQuantizer &quantizer) {
  QuantizerAttr attr = FakeQuantOp(quantizer.op).getQuantizer();
  QuantizerReport report;
  report.isWeight = true;
  report.shape.assign(quantizer.getType().getShape().begin(),
                      quantizer.getType().getShape().end());
  report.bits = attr.getBits();
  report.axis = attr.getAxis();
  llvm::append_range(report.scales, quantizer.scale.values<float>());
  llvm::append_range(report.zeroPoints, quantizer.zeroPoint.values<int32_t>());
  report.levelCounts.resize(attr.getMaxValue() + 1);
  HostTensor steps = getSteps(quantizer);
  HostTensor quantized = quantizeWeight(quantizer);
  SmallVector<float> integers =
      computeIntegers(quantizer, getRounding(quantizer));
  ArrayRef<float> values = quantizer.weight.values<float>();
  float max = attr.getMaxValue();
  int64_t clipped = 0;
  double signal = 0, noise = 0;
  forEachElement(quantizer, [&](size_t i, size_t channel) {
    float nearest = std::nearbyint(steps.values<float>()[i]) +
                    quantizer.zeroPoint.values<int32_t>()[channel];
    if (!std::isfinite(nearest))
      return;
    clipped += nearest < 0 || nearest > max;
    double error = values[i] - quantized.values<float>()[i];
    signal += static_cast<double>(values[i]) * values[i];
    noise += error * error;
    ++report.levelCounts[static_cast<size_t>(integers[i])];
  });
  report.saturation = static_cast<double>(clipped) / values.size();
  if (signal > 0 && noise > 0)
    report.signalToNoise = 10 * std::log10(signal / noise);
  return report;
}

QuantizerReport mlir::pdq::describe(const ActivationQuantizer &quantizer,
                                    HostTensor observed) {
  WeightQuantizer same;
  same.op = quantizer.op;
  same.weight = std::move(observed);
  HostTensor scale({}, ElementType::F32), zeroPoint({}, ElementType::I32);
  scale.values<float>()[0] = quantizer.scale;
  zeroPoint.values<int32_t>()[0] = quantizer.zeroPoint;
  setParameters(same, std::move(scale), std::move(zeroPoint));
  QuantizerReport report = describe(same);
  report.isWeight = false;
  return report;
}
