// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of the loss terms in closed form.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/Decompose/Formulas.h"
#include "pdq/Autodiff/ReverseMode.h"

using namespace mlir;
using namespace mlir::pdq;

static Value mul(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::MulFOp::create(b, lhs, rhs);
}

/// A loss with one operand that is learned, the first.
template <typename Model, typename OpTy>
struct LossModel : DifferentiableOpInterface::ExternalModel<Model, OpTy> {
  LogicalResult buildVJP(Operation *op, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    if (llvm::is_contained(needed.drop_front(), true))
      return op->emitOpError(
          "differentiates a fixed operand; only the first one is learned");
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    contributions[0] = static_cast<const Model *>(this)->build(
        b, cast<OpTy>(op), cotangents[0]);
    return success();
  }
};

namespace {
/// loss_rec: 2 (y - t) C / elements.
struct ReconstructionLossVJP
    : LossModel<ReconstructionLossVJP, ReconstructionLossOp> {
  Value build(ImplicitLocOpBuilder &b, ReconstructionLossOp op,
              Value cotangent) const {
    auto type = cast<RankedTensorType>(op.getOutput().getType());
    double factor = 2.0 * type.getDimSize(op.getAxis()) / type.getNumElements();
    return buildElementwise(
        b, op.getOutput(), {cotangent, op.getOutput(), op.getTarget()},
        [&](ImplicitLocOpBuilder &body, ValueRange args) {
          Value scaled =
              mul(body, args[0], buildFloat(body, args[0].getType(), factor));
          return mul(body, scaled,
                     arith::SubFOp::create(body, args[1], args[2]));
        });
  }
};

/// loss_pd: (softmax(q / T) - softmax(fp / T)) / (T N lambda).
struct PredictionDifferenceVJP
    : LossModel<PredictionDifferenceVJP, PredictionDifferenceOp> {
  Value build(ImplicitLocOpBuilder &b, PredictionDifferenceOp op,
              Value cotangent) const {
    double temperature = op.getTemperature().convertToDouble();
    Value logits = op.getQuantizedLogits();
    Softmax student = buildSoftmax(b, logits, temperature);
    Softmax teacher = buildSoftmax(b, op.getFloatLogits(), temperature);
    double samples = cast<RankedTensorType>(logits.getType()).getDimSize(0);
    double factor =
        1.0 / (temperature * samples * op.getLambda().convertToDouble());
    return buildElementwise(
        b, logits,
        {cotangent, student.exponentials, student.sums, teacher.exponentials,
         teacher.sums},
        [&](ImplicitLocOpBuilder &body, ValueRange args) {
          Value q = arith::DivFOp::create(body, args[1], args[2]);
          Value p = arith::DivFOp::create(body, args[3], args[4]);
          Value scaled =
              mul(body, args[0], buildFloat(body, args[0].getType(), factor));
          return mul(body, scaled, arith::SubFOp::create(body, q, p));
        },
        /*axis=*/0);
  }
};

/// round_5: -beta |2h - 1|^(beta - 1) sign(2h - 1) 2 h'.
struct RoundingRegularizerVJP
    : LossModel<RoundingRegularizerVJP, RoundingRegularizerOp> {
  Value build(ImplicitLocOpBuilder &b, RoundingRegularizerOp op,
              Value cotangent) const {
    return buildElementwise(
        b, op.getRounding(), {cotangent, op.getRounding(), op.getBeta()},
        [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
          Type type = args[0].getType();
          Value one = buildFloat(body, type, 1),
                two = buildFloat(body, type, 2);
          StretchedSigmoid stretched = buildStretchedSigmoid(body, args[1]);
          Value h = buildSoftRounding(body, stretched.value);
          Value position = arith::SubFOp::create(body, mul(body, two, h), one);
          Value power = math::PowFOp::create(
              body, math::AbsFOp::create(body, position).getResult(),
              arith::SubFOp::create(body, args[2], one).getResult());
          Value signedPower = math::CopySignOp::create(body, power, position);
          Value slope = mul(body, mul(body, args[2], signedPower),
                            mul(body, two, stretched.derivative));
          Value change = arith::NegFOp::create(body, mul(body, args[0], slope));
          return arith::SelectOp::create(body,
                                         buildIsInside(body, stretched.value),
                                         change, buildFloat(body, type, 0));
        });
  }
};

/// dc_1: with L elements per sample and channel, through the mean
/// -2 (mean_c - m) / (N L) and through the deviation
/// -2 (d - s) / N * (x - m) / ((L - 1) s).
struct BatchNormLossVJP : LossModel<BatchNormLossVJP, BatchNormLossOp> {
  Value build(ImplicitLocOpBuilder &b, BatchNormLossOp op,
              Value cotangent) const {
    Value input = op.getInput();
    SampleStatistics statistics = buildSampleStatistics(b, input, op.getAxis());
    double samples = cast<RankedTensorType>(input.getType()).getDimSize(0);
    double count = statistics.count;
    // Coefficients per sample and channel: dx = offset + slope * (x - m).
    Type type = getElementTypeOrSelf(input.getType());
    SmallVector<Value> coefficients = buildElementwise(
        b, statistics.mean, {type, type},
        {cotangent, statistics.mean, statistics.deviation, op.getMean(),
         op.getVariance()},
        [&](ImplicitLocOpBuilder &body, ValueRange args) {
          auto constant = [&](double v) { return buildFloat(body, type, v); };
          Value running = math::SqrtOp::create(
              body,
              arith::AddFOp::create(body, args[4], constant(1e-6)).getResult());
          Value meanGap = arith::SubFOp::create(body, args[1], args[3]);
          Value deviationGap = arith::SubFOp::create(body, args[2], running);
          Value offset = mul(body, mul(body, args[0], meanGap),
                             constant(2.0 / (samples * count)));
          Value slope = arith::DivFOp::create(
              body,
              mul(body, mul(body, args[0], deviationGap),
                  constant(2.0 / (samples * (count - 1)))),
              args[2]);
          return SmallVector<Value>{offset, slope};
        },
        /*axis=*/1);
    return buildSpread(b, op, statistics.mean, coefficients);
  }

  /// offset[n,c] + slope[n,c] * (x - m[n,c]) for every element.
  static Value buildSpread(ImplicitLocOpBuilder &b, BatchNormLossOp op,
                           Value mean, ArrayRef<Value> coefficients);
};
} // namespace

Value BatchNormLossVJP::buildSpread(ImplicitLocOpBuilder &b, BatchNormLossOp op,
                                    Value mean, ArrayRef<Value> coefficients) {
  return buildElementwiseAlong(
      b, op.getInput(), {0, static_cast<int64_t>(op.getAxis())},
      {op.getInput(), mean, coefficients[0], coefficients[1]},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value centered = arith::SubFOp::create(body, args[0], args[1]);
        return arith::AddFOp::create(body, args[2],
                                     mul(body, args[3], centered));
      });
}

namespace mlir::pdq {
void registerLossVJPs(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, PDQDialect *) {
    BatchNormLossOp::attachInterface<BatchNormLossVJP>(*context);
    PredictionDifferenceOp::attachInterface<PredictionDifferenceVJP>(*context);
    ReconstructionLossOp::attachInterface<ReconstructionLossVJP>(*context);
    RoundingRegularizerOp::attachInterface<RoundingRegularizerVJP>(*context);
  });
}
} // namespace mlir::pdq
