// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last step of the flow: what fake quantization computed in floating point
// becomes integers with quantized types.

#include "QuantArithmetic.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Constants.h"
#include "llvm/ADT/SetVector.h"
#include <algorithm>
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_CONVERTPDQTOQUANT
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The scales as the double values that types hold; each f32 is a double.
static std::optional<SmallVector<double>> readScales(Value scale) {
  if (auto values = readConstant<double>(scale))
    return values;
  if (auto values = readConstant<float>(scale))
    return SmallVector<double>(values->begin(), values->end());
  return std::nullopt;
}

/// The quantized type of `op`'s result, or null after an error.
static quant::QuantizedType getQuantizedType(FakeQuantOp op) {
  auto scales = readScales(op.getScale());
  auto zeroPoints = readConstant<int32_t>(op.getZeroPoint());
  if (!scales || !zeroPoints) {
    emitError(op->getLoc(),
              "needs a constant scale of f32 or f64 and a constant zero "
              "point to become a quantized type");
    return {};
  }
  auto report = [&] { return emitError(op->getLoc()); };
  QuantizerAttr quantizer = op.getQuantizer();
  Type storage = IntegerType::get(op.getContext(), quantizer.getBits());
  Type expressed = op.getType().getElementType();
  if (!quantizer.getAxis())
    return quant::UniformQuantizedType::getChecked(
        report, /*flags=*/0u, storage, expressed, scales->front(),
        static_cast<int64_t>(zeroPoints->front()), int64_t(0),
        quantizer.getMaxValue());
  SmallVector<int64_t> wide(zeroPoints->begin(), zeroPoints->end());
  return quant::UniformQuantizedPerAxisType::getChecked(
      report, /*flags=*/0u, storage, expressed, ArrayRef<double>(*scales),
      ArrayRef<int64_t>(wide), static_cast<int32_t>(*quantizer.getAxis()),
      int64_t(0), quantizer.getMaxValue());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The integers of a constant (quantize_1) in the arithmetic `T`, or null where
/// it is not a constant of `T`. NaN has no integer: `hasNaN` is set.
template <typename T>
static DenseElementsAttr quantizeConstant(Value input,
                                          const UniformParameters &parameters,
                                          bool &hasNaN) {
  auto values = readConstant<T>(input);
  if (!values)
    return {};
  auto storage = cast<IntegerType>(parameters.type.getStorageType());
  auto type = cast<ShapedType>(input.getType()).clone(storage);
  T max = parameters.type.getStorageTypeMax();
  SmallVector<APInt> integers(values->size(), APInt(storage.getWidth(), 0));
  forEachAlongAxis(type.getShape(), parameters.axis, [&](int64_t i, int64_t c) {
    T q = std::nearbyint((*values)[i] / static_cast<T>(parameters.scales[c])) +
          static_cast<T>(parameters.zeroPoints[c]);
    hasNaN |= std::isnan(q);
    q = std::min(std::max(T(0), q), max);
    integers[i] = APInt(storage.getWidth(), static_cast<uint64_t>(q));
  });
  return DenseElementsAttr::get(type, integers);
}

/// Replaces `op` by `integers`, cast to the quantized type and dequantized, and
/// erases the constants that only `op` used.
static void replaceByIntegers(IRRewriter &rewriter, FakeQuantOp op,
                              Value integers, quant::QuantizedType type) {
  Location loc = op.getLoc();
  llvm::SetVector<Value> operands(op->operand_begin(), op->operand_end());
  Type quantized = cast<ShapedType>(op.getType()).clone(type);
  Value cast = quant::StorageCastOp::create(rewriter, loc, quantized, integers);
  rewriter.replaceOpWithNewOp<quant::DequantizeCastOp>(op, op.getType(), cast);
  for (Value operand : operands)
    if (Operation *constant = operand.getDefiningOp<arith::ConstantOp>())
      if (constant->use_empty())
        rewriter.eraseOp(constant);
}

namespace {
struct ConvertPDQToQuant : pdq::impl::ConvertPDQToQuantBase<ConvertPDQToQuant> {
  using ConvertPDQToQuantBase::ConvertPDQToQuantBase;

  void runOnOperation() override {
    SmallVector<FakeQuantOp> quantizers;
    getOperation()->walk([&](FakeQuantOp op) { quantizers.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (FakeQuantOp op : quantizers)
      if (failed(convert(rewriter, op)))
        return signalPassFailure();
    if (failed(checkNothingLeft()))
      return signalPassFailure();
    removeAttributes();
  }

  LogicalResult convert(IRRewriter &rewriter, FakeQuantOp op) {
    if (!op.isCalibrated())
      return emitError(op->getLoc(),
                       "quantizer has no scale; calibrate it first");
    if (op.getKeep())
      return emitError(op->getLoc(),
                       "quantizer depends on a mask of the calibration");
    quant::QuantizedType type = getQuantizedType(op);
    if (!type)
      return failure();
    FailureOr<UniformParameters> parameters =
        getUniformParameters(type, [&] { return emitError(op->getLoc()); });
    if (failed(parameters))
      return failure();
    rewriter.setInsertionPoint(op);
    return matchPattern(op.getInput(), m_Constant())
               ? convertConstant(rewriter, op, *parameters)
               : convertActivation(rewriter, op, *parameters);
  }

  LogicalResult convertConstant(IRRewriter &rewriter, FakeQuantOp op,
                                const UniformParameters &parameters) {
    bool hasNaN = false;
    DenseElementsAttr integers =
        op.getType().getElementType().isF64()
            ? quantizeConstant<double>(op.getInput(), parameters, hasNaN)
            : quantizeConstant<float>(op.getInput(), parameters, hasNaN);
    if (!integers)
      return emitError(op->getLoc(), "quantizes a constant of type ")
             << op.getType() << " that cannot be read, expected f32 or f64";
    if (hasNaN)
      return emitError(op->getLoc(), "quantizes a constant that holds NaN");
    Value constant = arith::ConstantOp::create(rewriter, op.getLoc(), integers);
    replaceByIntegers(rewriter, op, constant, parameters.type);
    ++numWeights;
    return success();
  }

  LogicalResult convertActivation(IRRewriter &rewriter, FakeQuantOp op,
                                  const UniformParameters &parameters) {
    Value integers =
        buildQuantize(rewriter, op.getLoc(), op.getInput(), parameters);
    replaceByIntegers(rewriter, op, integers, parameters.type);
    ++numActivations;
    return success();
  }

  LogicalResult checkNothingLeft() {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<PDQDialect>(op->getDialect()))
        return WalkResult::advance();
      emitError(op->getLoc(), "'")
          << op->getName() << "' has no form in the quant dialect";
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Removes what only pdq understands, also from arguments and results; the
  /// order of products is about what is left.
  void removeAttributes() {
    auto isOurs = [](NamedAttribute attribute) {
      return isa_and_nonnull<PDQDialect>(attribute.getNameDialect()) &&
             attribute.getName() != productsName;
    };
    getOperation()->walk([&](Operation *op) {
      for (NamedAttribute attribute :
           SmallVector<NamedAttribute>(op->getDiscardableAttrs()))
        if (isOurs(attribute))
          op->removeDiscardableAttr(attribute.getName());
      auto function = dyn_cast<FunctionOpInterface>(op);
      if (!function)
        return;
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        for (NamedAttribute attribute : function.getArgAttrs(i))
          if (isOurs(attribute))
            function.removeArgAttr(i, attribute.getName());
      for (unsigned i = 0; i < function.getNumResults(); ++i)
        for (NamedAttribute attribute : function.getResultAttrs(i))
          if (isOurs(attribute))
            function.removeResultAttr(i, attribute.getName());
    });
  }
};
} // namespace
