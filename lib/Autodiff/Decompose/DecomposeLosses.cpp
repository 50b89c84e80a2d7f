// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loss terms as elementwise operations and sums.

#include "Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/Decompose/Formulas.h"

using namespace mlir;
using namespace mlir::pdq;

static Value square(ImplicitLocOpBuilder &b, Value value) {
  return arith::MulFOp::create(b, value, value);
}

/// Multiplies a scalar tensor by a constant.
static Value buildScaled(ImplicitLocOpBuilder &b, Value value, double factor) {
  return buildElementwise(
      b, value, value,
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::MulFOp::create(
            body, args[0], buildFloat(body, args[0].getType(), factor));
      });
}

/// loss_rec.
static LogicalResult decomposeReconstruction(ReconstructionLossOp op,
                                             PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<RankedTensorType>(op.getOutput().getType());
  Value sum = buildSum(
      b, op.getOutput(), {}, {op.getOutput(), op.getTarget()},
      [](ImplicitLocOpBuilder &body, ValueRange args) {
        return square(body, arith::SubFOp::create(body, args[0], args[1]));
      });
  double factor = static_cast<double>(type.getDimSize(op.getAxis())) /
                  type.getNumElements();
  rewriter.replaceOp(op, buildScaled(b, sum, factor));
  return success();
}

/// loss_pd: with shifted logits u and sums of exponentials S, log softmax is
/// u - log S.
static LogicalResult decomposePredictionDifference(PredictionDifferenceOp op,
                                                   PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  double temperature = op.getTemperature().convertToDouble();
  Value logits = op.getQuantizedLogits();
  Softmax student = buildSoftmax(b, logits, temperature);
  Softmax teacher = buildSoftmax(b, op.getFloatLogits(), temperature);
  Value sum = buildSum(
      b, logits, {},
      {teacher.shifted, teacher.exponentials, teacher.sums, student.shifted,
       student.sums},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        auto logSoftmax = [&](Value shifted, Value rowSum) -> Value {
          return arith::SubFOp::create(
              body, shifted, math::LogOp::create(body, rowSum).getResult());
        };
        Value p = arith::DivFOp::create(body, args[1], args[2]);
        Value difference = arith::SubFOp::create(
            body, logSoftmax(args[0], args[2]), logSoftmax(args[3], args[4]));
        return arith::MulFOp::create(body, p, difference);
      },
      /*axis=*/0);
  double samples = cast<RankedTensorType>(logits.getType()).getDimSize(0);
  rewriter.replaceOp(
      op,
      buildScaled(b, sum, 1.0 / (samples * op.getLambda().convertToDouble())));
  return success();
}

/// round_5 without its factor.
static LogicalResult decomposeRegularizer(RoundingRegularizerOp op,
                                          PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value sum = buildSum(
      b, op.getRounding(), {}, {op.getRounding(), op.getBeta()},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Type type = args[0].getType();
        Value one = buildFloat(body, type, 1);
        Value h =
            buildSoftRounding(body, buildStretchedSigmoid(body, args[0]).value);
        Value position = arith::SubFOp::create(
            body,
            arith::MulFOp::create(body, buildFloat(body, type, 2), h)
                .getResult(),
            one);
        Value power = math::PowFOp::create(
            body, math::AbsFOp::create(body, position).getResult(), args[1]);
        return arith::SubFOp::create(body, one, power);
      });
  rewriter.replaceOp(op, sum);
  return success();
}

/// dc_1.
static LogicalResult decomposeBatchNormLoss(BatchNormLossOp op,
                                            PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  SampleStatistics statistics =
      buildSampleStatistics(b, op.getInput(), op.getAxis());
  Value sum = buildSum(
      b, statistics.mean, {},
      {statistics.mean, statistics.deviation, op.getMean(), op.getVariance()},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value running = math::SqrtOp::create(
            body, arith::AddFOp::create(
                      body, args[3], buildFloat(body, args[3].getType(), 1e-6))
                      .getResult());
        Value meanGap = arith::SubFOp::create(body, args[2], args[0]);
        Value deviationGap = arith::SubFOp::create(body, running, args[1]);
        return arith::AddFOp::create(body, square(body, meanGap),
                                     square(body, deviationGap));
      },
      /*axis=*/1);
  double samples =
      cast<RankedTensorType>(op.getInput().getType()).getDimSize(0);
  rewriter.replaceOp(op, buildScaled(b, sum, 1.0 / samples));
  return success();
}

void mlir::pdq::populateDecomposeLossPatterns(RewritePatternSet &patterns) {
  patterns.add(decomposeReconstruction);
  patterns.add(decomposePredictionDifference);
  patterns.add(decomposeRegularizer);
  patterns.add(decomposeBatchNormLoss);
}
