// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adam and the schedules, iteration by iteration, against plain C++ in double
// precision.

#include "pdq/Calibration/Parameters/Optimizer.h"
#include "ProgramHarness.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

class OptimizerTest : public ProgramTest {};

/// adam_1: fifty steps on a parabola, with the parameter held above a minimum.
TEST_P(OptimizerTest, Adam) {
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  Builder b(&context);
  auto type = RankedTensorType::get({3}, b.getF32Type());
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  {
    ProgramBuilder program(*module, "step");
    AdamBuilder adam(program);
    AdamState state = addAdamState(program, type);
    Value gradient = program.addArgument(type);
    Value rate = program.addArgument(scalar);
    adam.update(state, gradient, rate, /*minimum=*/-0.25);
    program.finish();
  }
  std::unique_ptr<Executable> executable = compile(*module);
  double x[] = {1.0, -0.2, 3.0}, m[3] = {}, v[3] = {};
  HostTensor one = makeTensor<double>({}, ElementType::F64, {1.0});
  SmallVector<BufferRef> arguments{
      upload(one), upload(one), upload(makeFloats({3}, {1.0f, -0.2f, 3.0f})),
      upload(makeFloats({3}, {0, 0, 0})), upload(makeFloats({3}, {0, 0, 0}))};
  arguments.push_back(executor->allocate({3}, ElementType::F32));
  arguments.push_back(upload(makeFloats({}, {0.05f})));
  for (int t = 1; t <= 50; ++t) {
    HostTensor gradient({3}, ElementType::F32);
    for (int i = 0; i < 3; ++i)
      gradient.values<float>()[i] = float(2 * x[i] + (i == 1 ? 1 : 0));
    arguments[5]->write(gradient);
    executable->call("step", arguments, {});
    for (int i = 0; i < 3; ++i) {
      double g = gradient.values<float>()[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      x[i] -= 0.05 * (m[i] / (1 - std::pow(0.9, t))) /
              (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      x[i] = std::max(x[i], -0.25);
    }
    HostTensor found = arguments[2]->read();
    for (int i = 0; i < 3; ++i)
      ASSERT_NEAR(found.values<float>()[i], x[i], 2e-5) << "step " << t;
  }
}

/// schedule_1, and the exponent and factor of round_5.
TEST_P(OptimizerTest, Schedule) {
  context.loadAllAvailableDialects();
  CalibrationOptions options;
  options.iterations = 200;
  options.warmup = 0.2;
  options.scaleRate = 4e-5;
  options.roundingWeight = 0.01;
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  {
    ProgramBuilder program(*module, "f");
    Builder b(&context);
    Value step = program.addArgument(RankedTensorType::get({}, b.getI64Type()));
    Schedule schedule = buildSchedule(program.getBuilder(), step, options);
    program.finish(
        {schedule.scaleRate, schedule.beta, schedule.roundingWeight});
  }
  std::unique_ptr<Executable> executable = compile(*module);
  for (int64_t done : {0, 1, 38, 39, 40, 100, 150, 199}) {
    BufferRef step = upload(makeTensor<int64_t>({}, ElementType::I64, {done}));
    SmallVector<BufferRef> results;
    for (int i = 0; i < 3; ++i)
      results.push_back(executor->allocate({}, ElementType::F32));
    executable->call("f", {step}, results);
    auto value = [&](int i) { return results[i]->read().values<float>()[0]; };
    // Iteration `done` is number done + 1 of the regularizer's count.
    double past = (done + 1 - 40) / 160.0;
    EXPECT_NEAR(value(0), 2e-5 * (1 + std::cos(M_PI * done / 200)), 1e-10)
        << done;
    if (past >= 0)
      EXPECT_NEAR(value(1), 2 + 18 * std::max(0.0, 1 - past), 1e-4) << done;
    EXPECT_EQ(value(2), past >= 0 ? 0.01f : 0.0f) << done;
  }
}

/// dc_2: the rate falls after 100 steps without improvement, not under 1e-5; an
/// improvement of less than 1e-4 is none.
TEST_P(OptimizerTest, Plateau) {
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  {
    ProgramBuilder program(*module, "f");
    PlateauState state = addPlateauState(program);
    Value loss =
        program.addArgument(cast<RankedTensorType>(state.rate.getType()));
    updatePlateau(program, state, loss);
    program.finish();
  }
  std::unique_ptr<Executable> executable = compile(*module);
  SmallVector<BufferRef> arguments{
      upload(makeFloats({}, {1e-3f})),
      upload(makeFloats({}, {std::numeric_limits<float>::infinity()})),
      upload(makeFloats({}, {0.0f})), executor->allocate({}, ElementType::F32)};
  auto call = [&](float loss, int times) {
    arguments[3]->write(makeFloats({}, {loss}));
    for (int i = 0; i < times; ++i)
      executable->call("f", arguments, {});
    return arguments[0]->read().values<float>()[0];
  };
  // The first loss improves on infinity, 100 more change nothing yet.
  EXPECT_FLOAT_EQ(call(5.0f, 101), 1e-3f);
  EXPECT_FLOAT_EQ(call(4.9998f, 1), 1e-4f) << "improved by 4e-5 of it only";
  EXPECT_FLOAT_EQ(call(4.9f, 1), 1e-4f);
  EXPECT_FLOAT_EQ(arguments[1]->read().values<float>()[0], 4.9f);
  EXPECT_FLOAT_EQ(call(6.0f, 60), 1e-4f);
  EXPECT_FLOAT_EQ(call(4.0f, 1), 1e-4f) << "an improvement counts from 0";
  EXPECT_FLOAT_EQ(call(6.0f, 100), 1e-4f);
  EXPECT_FLOAT_EQ(call(6.0f, 1), 1e-5f);
  EXPECT_FLOAT_EQ(call(6.0f, 300), 1e-5f) << "the smallest rate";
}

INSTANTIATE_TEST_SUITE_P(Targets, OptimizerTest, testing::Values("cpu", "cuda"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
