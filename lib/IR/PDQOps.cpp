// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers and folders, in the order of PDQOps.td. The labels in comments are
// those of the constraints in the descriptions there.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Constants.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

#define GET_OP_CLASSES
#include "pdq/IR/PDQOps.cpp.inc"

//===----------------------------------------------------------------------===//
// RegionOp
//===----------------------------------------------------------------------===//

/// region_c1, region_c2, region_c3 for one of the two bodies.
static LogicalResult verifyBody(RegionOp op, Region &body, StringRef which) {
  Block &block = body.front();
  if (block.getArgumentTypes() != op.getInputs().getTypes())
    return op.emitOpError()
           << which << " body has arguments " << block.getArgumentTypes()
           << " but inputs are " << op.getInputs().getTypes();
  auto yield =
      dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return op.emitOpError() << which << " body must end with pdq.yield";
  if (yield.getOperandTypes() != op.getResultTypes()) {
    InFlightDiagnostic diag =
        op.emitOpError() << which << " body yields " << yield.getOperandTypes()
                         << " but results are " << op.getResultTypes();
    diag.attachNote(yield.getLoc()) << "yielded here";
    return diag;
  }
  return success();
}

/// region_c4, region_c5 for the inputs or the results.
static LogicalResult verifyChannels(RegionOp op, StringRef name,
                                    std::optional<ArrayRef<int64_t>> channels,
                                    TypeRange types) {
  if (!channels)
    return success();
  if (channels->size() != types.size())
    return op.emitOpError() << name << " has " << channels->size()
                            << " entries for " << types.size() << " values";
  for (auto [number, axis, type] : llvm::enumerate(*channels, types)) {
    int64_t rank = cast<RankedTensorType>(type).getRank();
    if (axis < 0 || axis >= std::max<int64_t>(rank, 1))
      return op.emitOpError()
             << name << " has dimension " << axis << " of value " << number
             << ", which has type " << type;
  }
  return success();
}

LogicalResult RegionOp::verify() {
  if (failed(verifyChannels(*this, "input_channels", getInputChannels(),
                            getInputs().getTypes())) ||
      failed(verifyChannels(*this, "result_channels", getResultChannels(),
                            getResultTypes())))
    return failure();
  if (failed(verifyBody(*this, getFloatBody(), "float")))
    return failure();
  return verifyBody(*this, getQuantizedBody(), "quantized");
}

//===----------------------------------------------------------------------===//
// BatchNormOp
//===----------------------------------------------------------------------===//

/// Checks that `axis` is a dimension of `type`, the type of operand `name`.
static LogicalResult verifyAxis(Operation *op, StringRef name, ShapedType type,
                                int64_t axis) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return op->emitOpError() << "has axis " << axis << " but the " << name
                           << " has rank " << type.getRank();
}

/// Checks that `parameter` has shape [C], C the size of `axis` in `type`.
static LogicalResult verifyAxisParameter(Operation *op, Value parameter,
                                         StringRef name, ShapedType type,
                                         int64_t axis) {
  auto shape = cast<ShapedType>(parameter.getType()).getShape();
  if (shape.size() == 1 && shape[0] == type.getDimSize(axis))
    return success();
  InFlightDiagnostic diag = op->emitOpError()
                            << name << " has type " << parameter.getType()
                            << " but axis " << axis << " has size "
                            << type.getDimSize(axis);
  diag.attachNote(parameter.getLoc()) << name << " is defined here";
  return diag;
}

LogicalResult BatchNormOp::verify() {
  auto type = cast<ShapedType>(getInput().getType());
  if (failed(verifyAxis(*this, "input", type, getAxis()))) // batch_norm_c2
    return failure();
  double epsilon = getEpsilon().convertToDouble();
  if (!(epsilon > 0) || !std::isfinite(epsilon)) // batch_norm_c3
    return emitOpError() << "has epsilon " << epsilon
                         << ", expected a positive finite number";
  return verifyAxisParameter(*this, getMean(), "mean", type, // batch_norm_c1
                             getAxis());
}

//===----------------------------------------------------------------------===//
// FakeQuantOp and AdaRoundOp
//===----------------------------------------------------------------------===//

/// Scale and zero point have the shape [] (fake_quant_c1, adaround_c1) or that
/// of the axis (fake_quant_c2, adaround_c2).
static LogicalResult verifyParameterShape(Operation *op, Value parameter,
                                          StringRef name, ShapedType type,
                                          QuantizerAttr quantizer) {
  if (quantizer.getAxis())
    return verifyAxisParameter(op, parameter, name, type, *quantizer.getAxis());
  if (cast<ShapedType>(parameter.getType()).getRank() == 0)
    return success();
  return op->emitOpError() << name << " has type " << parameter.getType()
                           << " but a per-tensor quantizer needs rank 0";
}

/// fake_quant_c3, adaround_c3: a constant scale is positive and finite.
template <typename T>
static LogicalResult verifyConstantScale(Operation *op, Value scale) {
  auto values = readConstant<T>(scale);
  if (!values)
    return success();
  for (auto [i, value] : llvm::enumerate(*values))
    if (!std::isfinite(value) || value <= 0)
      return op->emitOpError() << "scale " << i << " is " << value
                               << ", expected a positive finite number";
  return success();
}

/// fake_quant_c4, adaround_c4: a constant zero point is one of the quantizer's
/// integers.
static LogicalResult verifyConstantZeroPoint(Operation *op, Value zeroPoint,
                                             QuantizerAttr quantizer) {
  auto values = readConstant<int32_t>(zeroPoint);
  if (!values)
    return success();
  for (auto [i, value] : llvm::enumerate(*values))
    if (value < 0 || value > quantizer.getMaxValue())
      return op->emitOpError() << "zero point " << i << " is " << value
                               << ", expected 0 to " << quantizer.getMaxValue();
  return success();
}

/// What fake_quant and adaround share: beside the above, that the axis is a
/// dimension (fake_quant_c5, adaround_c5) and that the scale has the element
/// type of what is quantized (fake_quant_c7, adaround_c6).
static LogicalResult verifyQuantizer(Operation *op, StringRef name,
                                     ShapedType type, QuantizerAttr quantizer,
                                     Value scale, Value zeroPoint) {
  if (quantizer.getAxis() &&
      failed(verifyAxis(op, name, type, *quantizer.getAxis())))
    return failure();
  if (!scale)
    return success();
  if (getElementTypeOrSelf(scale.getType()) != type.getElementType())
    return op->emitOpError()
           << "scale has type " << scale.getType()
           << " but the input has element type " << type.getElementType();
  if (failed(verifyParameterShape(op, scale, "scale", type, quantizer)) ||
      failed(
          verifyParameterShape(op, zeroPoint, "zero point", type, quantizer)) ||
      failed(verifyConstantScale<float>(op, scale)) ||
      failed(verifyConstantScale<double>(op, scale)))
    return failure();
  return verifyConstantZeroPoint(op, zeroPoint, quantizer);
}

LogicalResult FakeQuantOp::verify() {
  auto type = cast<ShapedType>(getInput().getType());
  // fake_quant_c6
  if (static_cast<bool>(getScale()) != static_cast<bool>(getZeroPoint()))
    return emitOpError("needs both scale and zero point, or neither");
  if (getKeep() && !getScale()) // fake_quant_c8
    return emitOpError("has a keep mask but no scale");
  if (getKeep() && // fake_quant_c9
      cast<ShapedType>(getKeep().getType()).getShape() != type.getShape())
    return emitOpError() << "keep has type " << getKeep().getType()
                         << " but the input has type " << type;
  return verifyQuantizer(*this, "input", type, getQuantizer(), getScale(),
                         getZeroPoint());
}

OpFoldResult FakeQuantOp::fold(FoldAdaptor adaptor) {
  auto keep = dyn_cast_or_null<SplatElementsAttr>(adaptor.getKeep());
  if (!keep)
    return {};
  if (!keep.getSplatValue<bool>())
    return getInput();
  getKeepMutable().clear();
  return getResult();
}

LogicalResult AdaRoundOp::verify() {
  return verifyQuantizer(*this, "weight",
                         cast<ShapedType>(getWeight().getType()),
                         getQuantizer(), getScale(), getZeroPoint());
}

//===----------------------------------------------------------------------===//
// Random draws
//===----------------------------------------------------------------------===//

LogicalResult BernoulliOp::verify() {
  double probability = getProbability().convertToDouble();
  if (!(probability >= 0 && probability <= 1)) // bernoulli_c1
    return emitOpError() << "has probability " << probability
                         << ", expected 0 to 1";
  if (!getType().hasStaticShape()) // bernoulli_c2
    return emitOpError() << "has type " << getType()
                         << ", expected a static shape";
  return success();
}

OpFoldResult BernoulliOp::fold(FoldAdaptor adaptor) {
  double probability = getProbability().convertToDouble();
  if (probability != 0 && probability != 1)
    return {};
  return DenseElementsAttr::get(getType(), probability == 1);
}

LogicalResult UniformIndexOp::verify() {
  if (getBound() < 1 || getBound() > INT32_MAX) // uniform_index_c1
    return emitOpError() << "has bound " << getBound() << ", expected 1 to "
                         << INT32_MAX;
  if (!getType().hasStaticShape()) // uniform_index_c2
    return emitOpError() << "has type " << getType()
                         << ", expected a static shape";
  return success();
}

OpFoldResult UniformIndexOp::fold(FoldAdaptor adaptor) {
  if (getBound() != 1)
    return {};
  return DenseElementsAttr::get(getType(), int32_t(0));
}

LogicalResult GatherOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (source.getRank() == 0) // gather_c2
    return emitOpError("needs a source of rank 1 or more");
  SmallVector<int64_t> shape(source.getShape());
  shape[0] = cast<ShapedType>(getIndices().getType()).getDimSize(0);
  auto expected = RankedTensorType::get(shape, source.getElementType());
  if (getType() != expected) // gather_c1
    return emitOpError() << "has type " << getType() << ", expected "
                         << expected;
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

LogicalResult ReconstructionLossOp::verify() {
  auto type = cast<ShapedType>(getOutput().getType());
  if (!type.hasStaticShape()) // reconstruction_loss_c2
    return emitOpError() << "has output of type " << type
                         << ", expected a static shape";
  return verifyAxis(*this, "output", type, getAxis()); // reconstruction_loss_c1
}

LogicalResult PredictionDifferenceOp::verify() {
  auto type = cast<ShapedType>(getQuantizedLogits().getType());
  if (type.getRank() != 2) // prediction_difference_c1
    return emitOpError() << "has logits of rank " << type.getRank()
                         << ", expected 2 (batch, classes)";
  if (!(getTemperature().convertToDouble() > 0) || // prediction_difference_c2
      !(getLambda().convertToDouble() > 0))
    return emitOpError() << "has temperature "
                         << getTemperature().convertToDouble() << " and lambda "
                         << getLambda().convertToDouble()
                         << ", expected positive numbers";
  return success();
}

LogicalResult BatchNormLossOp::verify() {
  auto type = cast<ShapedType>(getInput().getType());
  if (failed(verifyAxis(*this, "input", type, getAxis()))) // batch_norm_loss_c3
    return failure();
  if (!type.hasStaticShape() || getAxis() == 0) // batch_norm_loss_c4
    return emitOpError() << "has input of type " << type << " and axis "
                         << getAxis()
                         << ", expected a static shape with samples first";
  // Counting stops at 2, so that sizes of untrusted input do not overflow.
  int64_t perChannel = 1;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (dim != 0 && dim != static_cast<size_t>(getAxis()))
      perChannel =
          std::min<int64_t>(2, perChannel * std::min<int64_t>(2, size));
  if (perChannel < 2) // batch_norm_loss_c1
    return emitOpError() << "has " << perChannel
                         << " elements per sample and channel, expected 2 or "
                            "more";
  // batch_norm_loss_c2
  return verifyAxisParameter(*this, getMean(), "mean", type, getAxis());
}

//===----------------------------------------------------------------------===//
// ValueAndGradOp
//===----------------------------------------------------------------------===//

/// value_and_grad_c1: distinct floating point arguments in range.
static LogicalResult verifyWrt(ValueAndGradOp op, ArrayRef<Type> arguments) {
  DenseSet<int64_t> seen;
  for (int64_t index : op.getWrt()) {
    if (index < 0 || index >= static_cast<int64_t>(arguments.size()))
      return op.emitOpError()
             << "differentiates argument " << index << " of a function with "
             << arguments.size() << " arguments";
    if (!seen.insert(index).second)
      return op.emitOpError() << "lists argument " << index << " twice";
    if (!isa<FloatType>(getElementTypeOrSelf(arguments[index])))
      return op.emitOpError()
             << "differentiates argument " << index << " of type "
             << arguments[index] << ", expected a floating point type";
  }
  return success();
}

/// value_and_grad_c3: the first result is a loss.
static LogicalResult verifyLoss(ValueAndGradOp op, FunctionOpInterface callee) {
  if (callee.getNumResults() == 0)
    return op.emitOpError("differentiates a function without results");
  auto type = dyn_cast<RankedTensorType>(callee.getResultTypes().front());
  if (type && type.getRank() == 0 && isa<FloatType>(type.getElementType()))
    return success();
  InFlightDiagnostic diag = op.emitOpError()
                            << "differentiates a first result of type "
                            << callee.getResultTypes().front()
                            << ", expected a rank 0 tensor of floats";
  diag.attachNote(callee.getLoc()) << "function is defined here";
  return diag;
}

LogicalResult
ValueAndGradOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto callee = symbolTable.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getCalleeAttr());
  if (!callee) // value_and_grad_c4
    return emitOpError() << "calls " << getCalleeAttr()
                         << ", which is not a function";
  if (failed(verifyWrt(*this, callee.getArgumentTypes())) ||
      failed(verifyLoss(*this, callee)))
    return failure();
  SmallVector<Type> results(callee.getResultTypes());
  for (int64_t index : getWrt())
    results.push_back(callee.getArgumentTypes()[index]);
  // value_and_grad_c2
  if (TypeRange(callee.getArgumentTypes()) == TypeRange(getArguments()) &&
      TypeRange(results) == TypeRange(getResultTypes()))
    return success();
  InFlightDiagnostic diag = emitOpError()
                            << "has type (" << TypeRange(getArguments())
                            << ") -> (" << getResultTypes() << "), expected ("
                            << callee.getArgumentTypes() << ") -> ("
                            << TypeRange(results) << ")";
  diag.attachNote(callee.getLoc()) << "function is defined here";
  return diag;
}
