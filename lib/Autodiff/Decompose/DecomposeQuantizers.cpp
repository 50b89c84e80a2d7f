// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantizers and batch norm as elementwise operations.

#include "Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/Decompose/Formulas.h"

using namespace mlir;
using namespace mlir::pdq;

/// quantize_1, quantize_2; an element that is not kept passes.
static LogicalResult decomposeFakeQuant(FakeQuantOp op,
                                        PatternRewriter &rewriter) {
  if (!op.isCalibrated()) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  SmallVector<Value> operands{op.getInput(), op.getScale(), op.getZeroPoint()};
  if (op.getKeep())
    operands.push_back(op.getKeep());
  Value result = buildElementwise(
      b, op.getInput(), operands,
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        QuantizerScalars scalars =
            buildQuantizerScalars(body, args[1], args[2], op.getQuantizer());
        Value q =
            buildClamp(body, buildQuantized(body, args[0], scalars), scalars);
        Value value = buildDequantized(body, q, scalars);
        if (args.size() > 3)
          value = arith::SelectOp::create(body, args[3], value, args[0]);
        return value;
      },
      op.getQuantizer().getAxis());
  rewriter.replaceOp(op, result);
  return success();
}

/// round_2, round_4.
static LogicalResult decomposeAdaRound(AdaRoundOp op,
                                       PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value result = buildElementwise(
      b, op.getWeight(),
      {op.getWeight(), op.getRounding(), op.getScale(), op.getZeroPoint()},
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        QuantizerScalars scalars =
            buildQuantizerScalars(body, args[2], args[3], op.getQuantizer());
        Value down = math::FloorOp::create(
            body,
            arith::DivFOp::create(body, args[0], scalars.scale).getResult());
        Value h;
        if (op.getHard())
          h = arith::SelectOp::create(
              body,
              arith::CmpFOp::create(body, arith::CmpFPredicate::OGE, args[1],
                                    scalars.min)
                  .getResult(),
              buildFloat(body, args[0].getType(), 1), scalars.min);
        else
          h = buildSoftRounding(body,
                                buildStretchedSigmoid(body, args[1]).value);
        Value q = arith::AddFOp::create(
            body, arith::AddFOp::create(body, down, h), scalars.zeroPoint);
        return buildDequantized(body, buildClamp(body, q, scalars), scalars);
      },
      op.getQuantizer().getAxis());
  rewriter.replaceOp(op, result);
  return success();
}

static LogicalResult decomposeBatchNorm(BatchNormOp op,
                                        PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  double epsilon = op.getEpsilon().convertToDouble();
  Value result = buildElementwise(
      b, op.getInput(),
      {op.getInput(), op.getMean(), op.getVariance(), op.getGamma(),
       op.getBeta()},
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value deviation = math::SqrtOp::create(
            body,
            arith::AddFOp::create(body, args[2],
                                  buildFloat(body, args[2].getType(), epsilon))
                .getResult());
        Value centered = arith::SubFOp::create(body, args[0], args[1]);
        Value normalized = arith::DivFOp::create(body, centered, deviation);
        Value scaled = arith::MulFOp::create(body, normalized, args[3]);
        return arith::AddFOp::create(body, scaled, args[4]);
      },
      op.getAxis());
  rewriter.replaceOp(op, result);
  return success();
}

void mlir::pdq::populateDecomposeQuantizerPatterns(
    RewritePatternSet &patterns) {
  patterns.add(decomposeFakeQuant);
  patterns.add(decomposeAdaRound);
  patterns.add(decomposeBatchNorm);
}
