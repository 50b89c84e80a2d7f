// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The student of a region as a function of its parameters.

#include "pdq/Calibration/Programs/Student.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/Network/Rebatch/Rebatch.h"
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

void StudentBuilder::bindWeights() {
  for (const WeightQuantizer &quantizer : quantizers.weights) {
    Value argument = addArgument(quantizer.getType());
    Value clone = mapping.lookup(FakeQuantOp(quantizer.op).getResult());
    auto op = clone.getDefiningOp<FakeQuantOp>();
    Value bound = argument;
    if (options.weights == WeightForm::Rounding) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(op);
      bound = AdaRoundOp::create(builder, op.getType(), op.getInput(), argument,
                                 buildConstant(builder, quantizer.scale),
                                 buildConstant(builder, quantizer.zeroPoint),
                                 op.getQuantizer(),
                                 /*hard=*/false);
    }
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

/// Calls `visit(element, scale, zero point)` for every element of the weight.
static void forEachElement(const WeightQuantizer &quantizer,
                           function_ref<void(size_t, float, float)> visit) {
  ArrayRef<int64_t> shape = quantizer.weight.getShape();
  std::optional<int64_t> axis =
      FakeQuantOp(quantizer.op).getQuantizer().getAxis();
  size_t inner = 1;
  if (axis)
    for (int64_t size : shape.drop_front(*axis + 1))
      inner *= size;
  size_t channels = axis ? shape[*axis] : 1;
  ArrayRef<float> scales = quantizer.scale.values<float>();
  ArrayRef<int32_t> zeroPoints = quantizer.zeroPoint.values<int32_t>();
  for (size_t i = 0, e = quantizer.weight.getNumElements(); i < e; ++i) {
    size_t channel = axis ? i / inner % channels : 0;
    visit(i, scales[channel], zeroPoints[channel]);
  }
}

/// The rounding logits, or nothing where rounding is to nearest.
static ArrayRef<float> getRounding(const WeightQuantizer &quantizer) {
  return quantizer.rounding ? quantizer.rounding->values<float>()
                            : ArrayRef<float>();
}

/// The integers to which a weight goes: to nearest, or as decided by the logits
/// of `rounding` (round_4) where there are any.
static SmallVector<float> computeIntegers(const WeightQuantizer &quantizer,
                                          ArrayRef<float> rounding) {
  ArrayRef<float> weight = quantizer.weight.values<float>();
  SmallVector<float> integers(weight.size());
  float max = FakeQuantOp(quantizer.op).getQuantizer().getMaxValue();
  forEachElement(quantizer, [&](size_t i, float scale, float zeroPoint) {
    float q = rounding.empty() ? std::nearbyint(weight[i] / scale)
                               : std::floor(weight[i] / scale) +
                                     (rounding[i] >= 0 ? 1.0f : 0.0f);
    integers[i] = std::clamp(q + zeroPoint, 0.0f, max);
  });
  return integers;
}

HostTensor mlir::pdq::quantizeWeight(const WeightQuantizer &quantizer) {
  HostTensor result(quantizer.weight.getShape(), ElementType::F32);
  MutableArrayRef<float> quantized = result.values<float>();
  SmallVector<float> integers =
      computeIntegers(quantizer, getRounding(quantizer));
  forEachElement(quantizer, [&](size_t i, float scale, float zeroPoint) {
    quantized[i] = (integers[i] - zeroPoint) * scale;
  });
  return result;
}

HostTensor mlir::pdq::initializeRounding(const WeightQuantizer &quantizer) {
  HostTensor result(quantizer.weight.getShape(), ElementType::F32);
  MutableArrayRef<float> logits = result.values<float>();
  ArrayRef<float> weight = quantizer.weight.values<float>();
  forEachElement(quantizer, [&](size_t i, float scale, float) {
    float rest = weight[i] / scale - std::floor(weight[i] / scale);
    logits[i] = -std::log(1.2f / (rest + 0.1f) - 1.0f);
  });
  return result;
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
