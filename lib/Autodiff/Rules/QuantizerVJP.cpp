// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of the quantizers, batch norm and the random draws.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/Decompose/Formulas.h"
#include "pdq/Autodiff/ReverseMode.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Fake quantization: the straight-through estimator (quantize_3)
//===----------------------------------------------------------------------===//

/// Cotangent of the input. Arguments: dy, x, s, z and the keep mask.
static Value buildInputElement(ImplicitLocOpBuilder &b, ValueRange args,
                               QuantizerAttr quantizer) {
  QuantizerScalars scalars =
      buildQuantizerScalars(b, args[2], args[3], quantizer);
  Value q = buildQuantized(b, args[1], scalars);
  Value passes = buildInRange(b, q, scalars);
  if (args.size() > 4) { // A dropped element passes unquantized.
    Value dropped = arith::XOrIOp::create(
        b, args[4], arith::ConstantOp::create(b, b.getBoolAttr(true)));
    passes = arith::OrIOp::create(b, passes, dropped);
  }
  return arith::SelectOp::create(b, passes, args[0], scalars.min);
}

/// One element's share of the cotangent of the scale; same arguments.
static Value buildScaleElement(ImplicitLocOpBuilder &b, ValueRange args,
                               QuantizerAttr quantizer) {
  QuantizerScalars scalars =
      buildQuantizerScalars(b, args[2], args[3], quantizer);
  Value q = buildQuantized(b, args[1], scalars);
  Value integer =
      arith::SubFOp::create(b, buildClamp(b, q, scalars), scalars.zeroPoint);
  Value ratio = arith::DivFOp::create(b, args[1], scalars.scale);
  Value inside = buildInRange(b, q, scalars);
  Value slope = arith::SubFOp::create(
      b, integer,
      arith::SelectOp::create(b, inside, ratio, scalars.min).getResult());
  Value share = arith::MulFOp::create(b, args[0], slope);
  if (args.size() > 4)
    share = arith::SelectOp::create(b, args[4], share, scalars.min);
  return share;
}

namespace {
struct FakeQuantVJP
    : DifferentiableOpInterface::ExternalModel<FakeQuantVJP, FakeQuantOp> {
  LogicalResult buildVJP(Operation *operation, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    auto op = cast<FakeQuantOp>(operation);
    if (!op.isCalibrated()) {
      contributions[0] = cotangents[0];
      return success();
    }
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    SmallVector<Value> operands{cotangents[0], op.getInput(), op.getScale(),
                                op.getZeroPoint()};
    if (op.getKeep())
      operands.push_back(op.getKeep());
    QuantizerAttr quantizer = op.getQuantizer();
    std::optional<int64_t> axis = quantizer.getAxis();
    if (needed[0])
      contributions[0] = buildElementwise(
          b, op.getInput(), operands,
          [&](ImplicitLocOpBuilder &body, ValueRange args) {
            return buildInputElement(body, args, quantizer);
          },
          axis);
    if (needed[1])
      contributions[1] = buildSum(
          b, op.getInput(),
          axis ? SmallVector<int64_t>{*axis} : SmallVector<int64_t>{}, operands,
          [&](ImplicitLocOpBuilder &body, ValueRange args) {
            return buildScaleElement(body, args, quantizer);
          },
          axis);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Learned rounding
//===----------------------------------------------------------------------===//

/// Cotangent of the rounding; arguments dy, w, a, s, z.
Value buildRoundingElement(ImplicitLocOpBuilder &b, ValueRange args,
                           QuantizerAttr quantizer) {
  QuantizerScalars scalars =
      buildQuantizerScalars(b, args[3], args[4], quantizer);
  StretchedSigmoid stretched = buildStretchedSigmoid(b, args[2]);
  Value h = buildSoftRounding(b, stretched.value);
  Value down = math::FloorOp::create(
      b, arith::DivFOp::create(b, args[1], scalars.scale).getResult());
  Value q = arith::AddFOp::create(b, arith::AddFOp::create(b, down, h),
                                  scalars.zeroPoint);
  Value passes = arith::AndIOp::create(b, buildInRange(b, q, scalars),
                                       buildIsInside(b, stretched.value));
  Value slope = arith::MulFOp::create(
      b, arith::MulFOp::create(b, args[0], scalars.scale).getResult(),
      stretched.derivative);
  return arith::SelectOp::create(b, passes, slope, scalars.min);
}

struct AdaRoundVJP
    : DifferentiableOpInterface::ExternalModel<AdaRoundVJP, AdaRoundOp> {
  LogicalResult buildVJP(Operation *operation, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    auto op = cast<AdaRoundOp>(operation);
    if (needed[0] || needed[2])
      return op.emitOpError(
          "differentiates weight or scale; only the rounding is learned");
    if (op.getHard())
      return success();
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    contributions[1] = buildElementwise(
        b, op.getWeight(),
        {cotangents[0], op.getWeight(), op.getRounding(), op.getScale(),
         op.getZeroPoint()},
        [&](ImplicitLocOpBuilder &body, ValueRange args) {
          return buildRoundingElement(body, args, op.getQuantizer());
        },
        op.getQuantizer().getAxis());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Batch norm
//===----------------------------------------------------------------------===//

/// Contribution of one element to operand `which` of a batch norm; arguments
/// dy, x, mean, variance, gamma.
Value buildBatchNormElement(ImplicitLocOpBuilder &b, ValueRange args,
                            unsigned which, double epsilon) {
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  Type type = args[0].getType();
  Value inverse = math::RsqrtOp::create(
      b, arith::AddFOp::create(b, args[3], buildFloat(b, type, epsilon))
             .getResult());
  Value centered = arith::SubFOp::create(b, args[1], args[2]);
  Value slope = mul(mul(args[0], args[4]), inverse);
  switch (which) {
  case 0: // input
    return slope;
  case 1: // mean
    return arith::NegFOp::create(b, slope);
  case 2: // variance
    return mul(mul(slope, centered),
               mul(buildFloat(b, type, -0.5), mul(inverse, inverse)));
  case 3: // gamma
    return mul(mul(args[0], centered), inverse);
  default: // beta
    return args[0];
  }
}

struct BatchNormVJP
    : DifferentiableOpInterface::ExternalModel<BatchNormVJP, BatchNormOp> {
  LogicalResult buildVJP(Operation *operation, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    auto op = cast<BatchNormOp>(operation);
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    int64_t axis = op.getAxis();
    SmallVector<Value> operands{cotangents[0], op.getInput(), op.getMean(),
                                op.getVariance(), op.getGamma()};
    for (unsigned i = 0; i < needed.size(); ++i) {
      if (!needed[i])
        continue;
      auto payload = [&](ImplicitLocOpBuilder &body, ValueRange args) {
        return buildBatchNormElement(body, args, i,
                                     op.getEpsilon().convertToDouble());
      };
      contributions[i] =
          i == 0 ? buildElementwise(b, op.getInput(), operands, payload, axis)
                 : buildSum(b, op.getInput(), {axis}, operands, payload, axis);
    }
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Random draws
//===----------------------------------------------------------------------===//

struct GatherVJP
    : DifferentiableOpInterface::ExternalModel<GatherVJP, GatherOp> {
  LogicalResult buildVJP(Operation *op, OpBuilder &, ArrayRef<Value>,
                         ArrayRef<bool>, SmallVectorImpl<Value> &) const {
    return op->emitOpError("has no derivative: its source is data");
  }
};
} // namespace

namespace mlir::pdq {
void registerQuantizerVJPs(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, PDQDialect *) {
    AdaRoundOp::attachInterface<AdaRoundVJP>(*context);
    BatchNormOp::attachInterface<BatchNormVJP>(*context);
    FakeQuantOp::attachInterface<FakeQuantVJP>(*context);
    GatherOp::attachInterface<GatherVJP>(*context);
  });
}
} // namespace mlir::pdq
