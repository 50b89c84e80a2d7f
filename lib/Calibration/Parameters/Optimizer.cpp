// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adam and the schedules, as IR.

#include "pdq/Calibration/Parameters/Optimizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Data/CacheLayout.h"

using namespace mlir;
using namespace mlir::pdq;

static constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

AdamState mlir::pdq::addAdamState(ProgramBuilder &program,
                                  RankedTensorType type) {
  Value parameter = program.addArgument(type);
  Value first = program.addArgument(type);
  return {parameter, first, program.addArgument(type)};
}

AdamBuilder::AdamBuilder(ProgramBuilder &program) : program(program) {
  ImplicitLocOpBuilder &b = program.getBuilder();
  auto f64 = RankedTensorType::get({}, b.getF64Type());
  Value firstPower = program.addArgument(f64);
  Value secondPower = program.addArgument(f64);
  // In 64 bits, since 1 - 0.999 loses three digits in 32.
  Type wide = b.getF64Type(), narrow = b.getF32Type();
  SmallVector<Value> results = buildElementwise(
      b, firstPower, {wide, wide, narrow, narrow}, {firstPower, secondPower},
      [](ImplicitLocOpBuilder &body, ValueRange args) {
        Type type = args[0].getType();
        Value one = buildFloat(body, type, 1.0);
        Value first =
            arith::MulFOp::create(body, args[0], buildFloat(body, type, beta1));
        Value second =
            arith::MulFOp::create(body, args[1], buildFloat(body, type, beta2));
        Value firstRest = arith::SubFOp::create(body, one, first);
        Value secondRest = math::SqrtOp::create(
            body, arith::SubFOp::create(body, one, second));
        Type f32 = body.getF32Type();
        return SmallVector<Value>{
            first, second, arith::TruncFOp::create(body, f32, firstRest),
            arith::TruncFOp::create(body, f32, secondRest)};
      });
  program.store(firstPower, results[0]);
  program.store(secondPower, results[1]);
  firstCorrection = results[2];
  secondCorrection = results[3];
}

/// adam_1, one element: [parameter, gradient, m, v, rate, corrections] ->
/// [parameter, m, v].
static SmallVector<Value> buildAdamElement(ImplicitLocOpBuilder &b,
                                           ValueRange args,
                                           std::optional<double> minimum) {
  Type type = args[0].getType();
  auto mul = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, lhs, rhs);
  };
  auto add = [&](Value lhs, Value rhs) -> Value {
    return arith::AddFOp::create(b, lhs, rhs);
  };
  Value gradient = args[1];
  Value first = add(mul(args[2], buildFloat(b, type, beta1)),
                    mul(gradient, buildFloat(b, type, 1 - beta1)));
  Value second =
      add(mul(args[3], buildFloat(b, type, beta2)),
          mul(mul(gradient, gradient), buildFloat(b, type, 1 - beta2)));
  Value deviation = arith::DivFOp::create(
      b, math::SqrtOp::create(b, second).getResult(), args[6]);
  Value denominator = add(deviation, buildFloat(b, type, epsilon));
  Value stepSize = arith::DivFOp::create(b, args[4], args[5]);
  Value change = mul(stepSize, arith::DivFOp::create(b, first, denominator));
  Value updated = arith::SubFOp::create(b, args[0], change);
  if (minimum)
    updated =
        arith::MaximumFOp::create(b, updated, buildFloat(b, type, *minimum));
  return {updated, first, second};
}

void AdamBuilder::update(const AdamState &state, Value gradient, Value rate,
                         std::optional<double> minimum) {
  Type type = getElementTypeOrSelf(state.parameter.getType());
  SmallVector<Value> updated = buildElementwise(
      program.getBuilder(), state.parameter, {type, type, type},
      {state.parameter, gradient, state.firstMoment, state.secondMoment, rate,
       firstCorrection, secondCorrection},
      [&](ImplicitLocOpBuilder &body, ValueRange args) {
        return buildAdamElement(body, args, minimum);
      });
  program.store(state.parameter, updated[0]);
  program.store(state.firstMoment, updated[1]);
  program.store(state.secondMoment, updated[2]);
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

/// schedule_1: cosine from the scale rate to 0 over the iterations.
static Value buildCosine(ImplicitLocOpBuilder &b, Value step,
                         const CalibrationOptions &options) {
  Type type = step.getType();
  Value angle = arith::MulFOp::create(
      b, step,
      buildFloat(b, type, M_PI / std::max<int64_t>(1, options.iterations)));
  Value wave = arith::AddFOp::create(
      b, math::CosOp::create(b, angle).getResult(), buildFloat(b, type, 1.0));
  return arith::MulFOp::create(b, wave,
                               buildFloat(b, type, options.scaleRate / 2));
}

Schedule mlir::pdq::buildSchedule(ImplicitLocOpBuilder &b, Value step,
                                  const CalibrationOptions &options) {
  Type f32 = b.getF32Type();
  double start = options.warmup * options.iterations;
  double length = std::max(1.0, options.iterations - start);
  SmallVector<Value> results = buildElementwise(
      b, step, {f32, f32, f32}, step,
      [&](ImplicitLocOpBuilder &body, ValueRange args) {
        Type type = body.getF32Type();
        Value count = arith::SIToFPOp::create(body, type, args[0]);
        // The regularizer counts iterations from 1.
        Value number =
            arith::AddFOp::create(body, count, buildFloat(body, type, 1.0));
        Value begin = buildFloat(body, type, start);
        Value past = arith::MulFOp::create(
            body, arith::SubFOp::create(body, number, begin),
            buildFloat(body, type, 1.0 / length));
        Value rest = arith::MaximumFOp::create(
            body,
            arith::SubFOp::create(body, buildFloat(body, type, 1.0), past),
            buildFloat(body, type, 0.0));
        Value beta = arith::AddFOp::create(
            body,
            arith::MulFOp::create(body, rest, buildFloat(body, type, 18.0)),
            buildFloat(body, type, 2.0));
        Value active = arith::CmpFOp::create(body, arith::CmpFPredicate::OGE,
                                             number, begin);
        Value weight = arith::SelectOp::create(
            body, active, buildFloat(body, type, options.roundingWeight),
            buildFloat(body, type, 0.0));
        return SmallVector<Value>{buildCosine(body, count, options), beta,
                                  weight};
      });
  return {results[0], results[1], results[2]};
}

//===----------------------------------------------------------------------===//
// Plateau
//===----------------------------------------------------------------------===//

PlateauState mlir::pdq::addPlateauState(ProgramBuilder &program) {
  auto scalar = RankedTensorType::get({}, program.getBuilder().getF32Type());
  Value rate = program.addArgument(scalar);
  Value best = program.addArgument(scalar);
  return {rate, best, program.addArgument(scalar)};
}

/// [rate, best, since, loss] -> [rate, best, since].
static SmallVector<Value> buildPlateau(ImplicitLocOpBuilder &b,
                                       ValueRange args) {
  Type type = args[0].getType();
  auto constant = [&](double value) { return buildFloat(b, type, value); };
  Value threshold = arith::MulFOp::create(b, args[1], constant(1.0 - 1e-4));
  Value improved =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, args[3], threshold);
  Value best = arith::SelectOp::create(b, improved, args[3], args[1]);
  Value since =
      arith::SelectOp::create(b, improved, constant(0.0),
                              arith::AddFOp::create(b, args[2], constant(1.0)));
  Value exhausted = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, since,
                                          constant(100.0));
  Value reduced = arith::MaximumFOp::create(
      b, arith::MulFOp::create(b, args[0], constant(0.1)), constant(1e-5));
  return {arith::SelectOp::create(b, exhausted, reduced, args[0]), best,
          arith::SelectOp::create(b, exhausted, constant(0.0), since)};
}

void mlir::pdq::updatePlateau(ProgramBuilder &program,
                              const PlateauState &state, Value loss) {
  Type f32 = program.getBuilder().getF32Type();
  SmallVector<Value> updated = buildElementwise(
      program.getBuilder(), state.rate, {f32, f32, f32},
      {state.rate, state.best, state.since, loss}, buildPlateau);
  program.store(state.rate, updated[0]);
  program.store(state.best, updated[1]);
  program.store(state.since, updated[2]);
}
