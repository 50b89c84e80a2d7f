// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights on the host: how they are rounded before, during and after the
// calibration of a region.

#include "PlainFormulas.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Programs/Student.h"
#include "pdq/Pipelines.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// One weight [3, 2] of 3 bits with an axis, two rows of which are used up to
/// both ends of the grid.
class RoundingTest : public testing::Test {
protected:
  RoundingTest() {
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceString<ModuleOp>(R"mlir(
      func.func @main(%x: tensor<4x2xf32>) -> tensor<3x2xf32> {
        %y = pdq.region @r ins(%x : tensor<4x2xf32>) -> (tensor<3x2xf32>)
        float {
        ^bb0(%in: tensor<4x2xf32>):
          %w = arith.constant dense<[[0.3, -0.6], [5.0, 0.9], [-0.25, 0.75]]> : tensor<3x2xf32>
          pdq.yield %w : tensor<3x2xf32>
        } quantized {
        ^bb0(%in: tensor<4x2xf32>):
          %w = arith.constant dense<[[0.3, -0.6], [5.0, 0.9], [-0.25, 0.75]]> : tensor<3x2xf32>
          %q = pdq.fake_quant %w to <bits = 3, axis = 0> : tensor<3x2xf32>
          pdq.yield %q : tensor<3x2xf32>
        }
        return %y : tensor<3x2xf32>
      })mlir",
                                         &context);
    module->walk([&](RegionOp region) {
      FailureOr<RegionQuantizers> found = collectQuantizers(region);
      ASSERT_TRUE(succeeded(found));
      ASSERT_EQ(found->weights.size(), 1u);
      weight = std::move(found->weights.front());
    });
    HostTensor scale({3}, ElementType::F32), zeroPoint({3}, ElementType::I32);
    llvm::copy(scales, scale.values<float>().begin());
    llvm::copy(zeroPoints, zeroPoint.values<int32_t>().begin());
    setParameters(weight, std::move(scale), std::move(zeroPoint));
  }

  void expectWeight(ArrayRef<float> expected) {
    HostTensor found = quantizeWeight(weight);
    for (int i = 0; i < 6; ++i)
      EXPECT_FLOAT_EQ(found.values<float>()[i], expected[i]) << i;
  }

  const float scales[3] = {0.25f, 0.5f, 0.5f};
  const int32_t zeroPoints[3] = {3, 0, 2};
  DialectRegistry registry;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  WeightQuantizer weight;
};

/// quantize_1, quantize_2: to nearest, ties to even, saturating at 7.
TEST_F(RoundingTest, quantize_nearest) {
  // In steps: 1.2 -2.4 | 10 1.8 | -0.5 1.5.
  expectWeight({0.25f, -0.5f, 3.5f, 1.0f, 0.0f, 1.0f});
  EXPECT_EQ(countFlipped(weight), 0);
}

/// report_1: what is said of the weight, by the integers 4 1 | 7 2 | 2 4; one
/// element of six is clipped, and the errors are 0.05 -0.1 | 1.5 -0.1 | -0.25
/// -0.25.
TEST_F(RoundingTest, report_1) {
  QuantizerReport report = describe(weight);
  EXPECT_TRUE(report.isWeight);
  EXPECT_EQ(report.shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(report.bits, 3);
  EXPECT_EQ(report.axis, 0);
  EXPECT_EQ(report.scales, (std::vector<double>{0.25, 0.5, 0.5}));
  EXPECT_EQ(report.zeroPoints, (std::vector<int64_t>{3, 0, 2}));
  EXPECT_EQ(report.levelCounts, (std::vector<int64_t>{0, 1, 2, 0, 2, 0, 0, 1}));
  EXPECT_DOUBLE_EQ(report.saturation, 1.0 / 6);
  ASSERT_TRUE(report.signalToNoise);
  EXPECT_NEAR(*report.signalToNoise, 10 * std::log10(26.885 / 2.3975), 1e-5);
}

/// Where nothing is lost there is no finite ratio.
TEST_F(RoundingTest, report_1_without_loss) {
  weight.weight = quantizeWeight(weight);
  QuantizerReport report = describe(weight);
  EXPECT_EQ(report.saturation, 0);
  EXPECT_FALSE(report.signalToNoise);
}

/// round_3: the soft weight of the first logits is the weight itself inside the
/// clamp, with the h of round_1 and the weight of round_2.
TEST_F(RoundingTest, round_3_keeps_weight) {
  HostTensor logits = initializeRounding(weight);
  for (int i = 0; i < 6; ++i) {
    float value = weight.weight.values<float>()[i];
    float scale = scales[i / 2], zero = zeroPoints[i / 2];
    double soft =
        std::floor(value / scale) + rectify(logits.values<float>()[i]) + zero;
    soft = (std::clamp(soft, 0.0, 7.0) - zero) * scale;
    EXPECT_NEAR(soft, std::min(value, (7 - zero) * scale), 1e-6) << i;
  }
  // r = 0 and r = 1/2, by hand: -ln(1.2 / 0.1 - 1) and -ln(1.2 / 0.6 - 1).
  EXPECT_NEAR(logits.values<float>()[2], -std::log(11.0), 1e-5);
  EXPECT_NEAR(logits.values<float>()[4], 0, 1e-6);
}

/// round_4: up where the logit is 0 or more, else down; weights whose integer
/// is not the nearest one count as flipped.
TEST_F(RoundingTest, round_4_decides) {
  const float logits[] = {0.0f, -0.1f, 1.0f, -1.0f, -3.0f, 2.0f};
  weight.rounding = HostTensor({3, 2}, ElementType::F32);
  llvm::copy(logits, weight.rounding->values<float>().begin());
  // In steps: 2 -3 | 11 (7 at most) 1 | -1 2.
  expectWeight({0.5f, -0.75f, 3.5f, 0.5f, -0.5f, 1.0f});
  EXPECT_EQ(countFlipped(weight), 4);
}

/// round_3, round_4: without any learning every weight but ties is rounded to
/// nearest.
TEST_F(RoundingTest, round_4_of_first_logits) {
  weight.rounding = initializeRounding(weight);
  HostTensor learned = quantizeWeight(weight);
  weight.rounding.reset();
  HostTensor nearest = quantizeWeight(weight);
  for (int i : {0, 1, 2, 3, 5}) // 4 is a tie, which goes up.
    EXPECT_EQ(learned.values<float>()[i], nearest.values<float>()[i]) << i;
  EXPECT_EQ(learned.values<float>()[4], 0.0f);
}

} // namespace
