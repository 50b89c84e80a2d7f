// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantized values: their integers in types of ONNX, and their numbers.

#include "Conversion.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Export/Constants/PackedConstants.h"
#include "pdq/Support/Constants.h"

using namespace mlir;
using namespace mlir::pdq;

/// A type of ONNX, and what is added to a quantized network's integers there.
struct Conversion::Storage {
  IntegerType type;
  int64_t offset = 0;

  int64_t getMin() const {
    return type.isUnsigned() ? 0 : -(int64_t(1) << (type.getWidth() - 1));
  }
  int64_t getMax() const {
    return (int64_t(1) << (type.getWidth() - !type.isUnsigned())) - 1;
  }
};

/// The smallest type of ONNX with all integers from `min` to `max`.
Conversion::Storage Conversion::getStorage(int64_t min, int64_t max) {
  for (unsigned width : {2, 4, 8}) {
    auto sign = min >= 0     ? IntegerType::Unsigned
                : width == 8 ? IntegerType::Signless
                             : IntegerType::Signed;
    Storage storage{graph.b.getIntegerType(width)};
    storage.type = IntegerType::get(graph.b.getContext(), width, sign);
    if (storage.getMin() > min || storage.getMax() < max)
      continue;
    // 2 bits are in the standard since opset 25.
    if (width == 2)
      opset = 25;
    return storage;
  }
  return {graph.b.getIntegerType(16)};
}

Value Conversion::buildZeroPoint(const Storage &storage,
                                 ArrayRef<int64_t> zeroPoints, bool isVector) {
  SmallVector<int64_t> shape;
  if (isVector)
    shape.push_back(zeroPoints.size());
  SmallVector<APInt> elements;
  for (int64_t zeroPoint : zeroPoints)
    elements.emplace_back(storage.type.getWidth(), zeroPoint + storage.offset,
                          /*isSigned=*/!storage.type.isUnsigned());
  return graph.initializer(DenseElementsAttr::get(
      RankedTensorType::get(shape, storage.type), elements));
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

namespace {
/// Scales and zero points, one or one a slice of the axis.
struct Parameters {
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  std::optional<int64_t> axis;
};
} // namespace

static std::optional<Parameters> getParameters(quant::QuantizedType type) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return Parameters{{uniform.getScale()}, {uniform.getZeroPoint()}, {}};
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  if (!perAxis)
    return std::nullopt;
  return Parameters{llvm::to_vector(perAxis.getScales()),
                    llvm::to_vector(perAxis.getZeroPoints()),
                    perAxis.getQuantizedDimension()};
}

static Value buildScales(GraphBuilder &graph, const Parameters &parameters) {
  SmallVector<float> scales(parameters.scales.begin(), parameters.scales.end());
  SmallVector<int64_t> shape;
  if (parameters.axis)
    shape.push_back(scales.size());
  return graph.initializer(
      DenseElementsAttr::get(RankedTensorType::get(shape, graph.b.getF32Type()),
                             ArrayRef<float>(scales)));
}

static SmallVector<NamedAttribute> getAxis(GraphBuilder &graph,
                                           const Parameters &parameters) {
  if (!parameters.axis)
    return {};
  return {graph.attribute("axis", *parameters.axis)};
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The integers of a constant, less the zero point where `isCentered`.
static SmallVector<int64_t> getIntegers(DenseIntElementsAttr integers,
                                        const Parameters &parameters,
                                        bool isSigned, bool isCentered) {
  SmallVector<APInt> elements(integers.getValues<APInt>());
  SmallVector<int64_t> result(elements.size());
  forEachAlongAxis(integers.getType().getShape(), parameters.axis,
                   [&](int64_t i, int64_t slice) {
                     result[i] = isSigned ? elements[i].getSExtValue()
                                          : elements[i].getZExtValue();
                     if (isCentered)
                       result[i] -= parameters.zeroPoints[slice];
                   });
  return result;
}

Value Conversion::dequantizeConstant(quant::DequantizeCastOp op,
                                     DenseIntElementsAttr integers) {
  quant::QuantizedType type = op.getQuantizedType();
  Parameters parameters = *getParameters(type);
  SmallVector<int64_t> elements = getIntegers(
      integers, parameters, type.isSigned(), form == OnnxForm::Int8);
  Storage storage =
      getStorage(type.getStorageTypeMin(), type.getStorageTypeMax());
  if (form == OnnxForm::Int8) {
    if (llvm::all_of(elements, [](int64_t q) { return llvm::isInt<8>(q); })) {
      storage = {graph.b.getI8Type()};
      parameters.zeroPoints.assign(parameters.zeroPoints.size(), 0);
    } else {
      elements = getIntegers(integers, parameters, type.isSigned(),
                             /*isCentered=*/false);
    }
  }
  SmallVector<APInt> bits;
  for (int64_t element : elements)
    bits.emplace_back(storage.type.getWidth(), element,
                      /*isSigned=*/!storage.type.isUnsigned());
  auto resultType = cast<RankedTensorType>(op.getType());
  Value constant = graph.initializer(
      DenseElementsAttr::get(resultType.clone(storage.type), bits));
  return graph.node("DequantizeLinear",
                    {constant, buildScales(graph, parameters),
                     buildZeroPoint(storage, parameters.zeroPoints,
                                    parameters.axis.has_value())},
                    resultType, getAxis(graph, parameters));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Clips numbers to those whose integers are in the range, which changes no
/// integer (docs/Deployment.md).
static Value buildClip(GraphBuilder &graph, Value input,
                       const QuantizeArithmetic &q) {
  auto bound = [&](int64_t integer) {
    return graph.scalar(
        graph.b.getF32FloatAttr(static_cast<float>(integer - q.zeroPoint) *
                                static_cast<float>(q.scale)));
  };
  if (!input)
    return {};
  return graph.node("Clip", {input, bound(q.min), bound(q.max)},
                    input.getType());
}

/// Whether slices of `value` are read, behind casts and other moves.
static bool isSliced(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (isa<tensor::ExtractSliceOp>(user))
      return true;
    bool isMove = isa<quant::StorageCastOp, quant::DequantizeCastOp,
                      tensor::PadOp, tensor::CastOp, tensor::CollapseShapeOp,
                      tensor::ExpandShapeOp, linalg::TransposeOp>(user);
    return isMove && isSliced(user->getResult(0));
  });
}

/// The type of an activation's integers. ONNX Runtime (1.32) does not load a
/// Clip in front of integers of 4 bits, nor slices of those of 2 bits.
Conversion::Storage
Conversion::getActivationStorage(Value integers, const QuantizeArithmetic &q) {
  if (form == OnnxForm::Int8 && llvm::isInt<8>(q.min - q.zeroPoint) &&
      llvm::isInt<8>(q.max - q.zeroPoint))
    return {graph.b.getI8Type(), -q.zeroPoint};
  bool isFull =
      (q.max - q.min == 3 && !isSliced(integers)) || q.max - q.min == 15;
  if (form == OnnxForm::QDQ && isFull)
    return getStorage(q.min, q.max);
  return q.min < 0 ? getStorage(-128, 127) : getStorage(0, 255);
}

Value Conversion::dequantizeActivation(quant::DequantizeCastOp op,
                                       Value integers,
                                       const QuantizeArithmetic &q) {
  Storage storage = getActivationStorage(integers, q);
  Value input = get(q.input);
  if (!input)
    return {};
  if (!getTensorType(input).getElementType().isF32())
    return fail(op, "it is not of f32");
  Value &value = quantized[integers];
  if (!value) {
    bool isFull = q.min + storage.offset <= storage.getMin() &&
                  q.max + storage.offset >= storage.getMax();
    Value scale = graph.scalar(graph.b.getF32FloatAttr(q.scale));
    value = graph.node("QuantizeLinear",
                       {isFull ? input : buildClip(graph, input, q), scale,
                        buildZeroPoint(storage, q.zeroPoint, false)},
                       getTensorType(input).clone(storage.type));
  }
  Parameters parameters = *getParameters(op.getQuantizedType());
  return graph.node("DequantizeLinear",
                    {value, buildScales(graph, parameters),
                     buildZeroPoint(storage, parameters.zeroPoints,
                                    parameters.axis.has_value())},
                    input.getType(), getAxis(graph, parameters));
}

Value Conversion::convertDequantize(quant::DequantizeCastOp op) {
  auto storage = op.getInput().getDefiningOp<quant::StorageCastOp>();
  if (!storage || !isa<RankedTensorType>(op.getType()))
    return fail(op, "its operand does not come from integers of a tensor, "
                    "expected a 'quant.scast'");
  if (!getParameters(op.getQuantizedType()))
    return fail(op, "its type is neither per-tensor nor per-axis");
  if (DenseIntElementsAttr integers = readIntegers(storage.getInput()))
    return dequantizeConstant(op, integers);
  if (auto arithmetic = matchQuantize(storage.getInput()))
    return dequantizeActivation(op, storage.getInput(), *arithmetic);
  return fail(op, "its integers are neither constant nor computed as "
                  "'convert-pdq-to-quant' does");
}
