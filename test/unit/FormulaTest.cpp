// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of docs/Math.md, executed, against plain C++ in double precision
// and values worked out by hand.

#include "PlainFormulas.h"
#include "ProgramHarness.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

class FormulaTest : public ProgramTest {};

/// quantize_1, quantize_2: ties go to even before the zero point is added, and
/// values far outside saturate.
TEST_P(FormulaTest, QuantizeAndDequantize) {
  const float inputs[] = {-1e30f, -0.75f, -0.26f, -0.25f, 0.0f, 0.24f,
                          0.25f,  0.75f,  1.25f,  3.0f,   1e30f};
  HostTensor result = run(R"mlir(
    func.func @f(%x: tensor<11xf32>, %s: tensor<f32>, %z: tensor<i32>) -> tensor<11xf32> {
      %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 2> : tensor<11xf32>, tensor<f32>, tensor<i32>
      return %y : tensor<11xf32>
    })mlir",
                          {makeFloats({11}, inputs), makeFloats({}, {0.5f}),
                           makeTensor<int32_t>({}, ElementType::I32, {1})},
                          {11}, ElementType::F32);
  // q in [0, 3] and z = 1: multiples of 0.5 from -0.5 to 1.
  const float expected[] = {-0.5f, -0.5f, -0.5f, 0.0f, 0.0f, 0.0f,
                            0.0f,  1.0f,  1.0f,  1.0f, 1.0f};
  for (int i = 0; i < 11; ++i)
    EXPECT_EQ(result.values<float>()[i], expected[i]) << inputs[i];
}

TEST_P(FormulaTest, QuantizePerAxis) {
  HostTensor result = run(R"mlir(
    func.func @f(%x: tensor<2x2xf32>, %s: tensor<2xf32>, %z: tensor<2xi32>) -> tensor<2x2xf32> {
      %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 3, axis = 0> : tensor<2x2xf32>, tensor<2xf32>, tensor<2xi32>
      return %y : tensor<2x2xf32>
    })mlir",
                          {makeFloats({2, 2}, {0.9f, 9.0f, -0.9f, -9.0f}),
                           makeFloats({2}, {1.0f, 0.5f}),
                           makeTensor<int32_t>({2}, ElementType::I32, {0, 7})},
                          {2, 2}, ElementType::F32);
  const float expected[] = {1.0f, 7.0f, -1.0f, -3.5f};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(result.values<float>()[i], expected[i]);
}

/// round_1, round_2: soft weights between two integers; round_4: hard ones.
TEST_P(FormulaTest, SoftAndHardRounding) {
  const float weights[] = {0.3f, -0.6f, 5.0f, 0.9f};
  const float logits[] = {0.5f, -0.25f, 2.0f, -8.0f};
  const float scale = 0.5f;
  for (bool hard : {false, true}) {
    std::string source = std::string(R"mlir(
      func.func @f(%w: tensor<1x4xf32>, %a: tensor<1x4xf32>, %s: tensor<1xf32>, %z: tensor<1xi32>) -> tensor<1x4xf32> {
        %y = pdq.adaround %w, %a, %s, %z to <bits = 2, axis = 0>)mlir") +
                         (hard ? " hard" : "") +
                         R"mlir( : tensor<1x4xf32>, tensor<1xf32>, tensor<1xi32>
        return %y : tensor<1x4xf32>
      })mlir";
    HostTensor result =
        run(source,
            {makeFloats({1, 4}, weights), makeFloats({1, 4}, logits),
             makeFloats({1}, {scale}),
             makeTensor<int32_t>({1}, ElementType::I32, {2})},
            {1, 4}, ElementType::F32);
    for (int i = 0; i < 4; ++i) {
      double h = hard ? (logits[i] >= 0) : rectify(logits[i]);
      double q = std::clamp(std::floor(weights[i] / scale) + h + 2, 0.0, 3.0);
      EXPECT_NEAR(result.values<float>()[i], (q - 2) * scale, 1e-6) << i;
    }
  }
}

/// round_5
TEST_P(FormulaTest, RoundingRegularizer) {
  const float logits[] = {0.0f, 1.0f, -2.0f, 10.0f};
  for (float beta : {2.0f, 11.5f, 20.0f}) {
    HostTensor result = run(R"mlir(
      func.func @f(%a: tensor<4xf32>, %beta: tensor<f32>) -> tensor<f32> {
        %y = pdq.rounding_regularizer %a, %beta : tensor<4xf32>, tensor<f32>
        return %y : tensor<f32>
      })mlir",
                            {makeFloats({4}, logits), makeFloats({}, {beta})},
                            {}, ElementType::F32);
    double expected = 0;
    for (float a : logits)
      expected += 1 - std::pow(std::fabs(2 * rectify(a) - 1), beta);
    EXPECT_NEAR(result.values<float>()[0], expected, 2e-5) << beta;
  }
}

/// loss_rec: the mean over batch and space of sums over channels.
TEST_P(FormulaTest, ReconstructionLoss) {
  SmallVector<float> y(2 * 3 * 2 * 2), t(y.size());
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    y[i] = 0.25f * (i % 7);
    t[i] = 0.5f * (i % 3);
    sum += (y[i] - t[i]) * (y[i] - t[i]);
  }
  HostTensor result =
      run(R"mlir(
    func.func @f(%y: tensor<2x3x2x2xf32>, %t: tensor<2x3x2x2xf32>) -> tensor<f32> {
      %l = pdq.reconstruction_loss %y, %t : tensor<2x3x2x2xf32> -> tensor<f32>
      return %l : tensor<f32>
    })mlir",
          {makeFloats({2, 3, 2, 2}, y), makeFloats({2, 3, 2, 2}, t)}, {},
          ElementType::F32);
  EXPECT_NEAR(result.values<float>()[0], sum / (2 * 2 * 2), 1e-5);
}

/// loss_pd, also for logits far apart, where exponentials would overflow.
TEST_P(FormulaTest, PredictionDifference) {
  for (float factor : {1.0f, 300.0f}) {
    SmallVector<float> q, p;
    for (int i = 0; i < 8; ++i) {
      q.push_back(factor * (0.3f * i - 1));
      p.push_back(factor * (0.1f * ((i * 5) % 8) - 0.2f));
    }
    HostTensor result = run(R"mlir(
      func.func @f(%q: tensor<2x4xf32>, %p: tensor<2x4xf32>) -> tensor<f32> {
        %l = pdq.prediction_difference %q, %p {temperature = 4.0 : f64, lambda = 0.1 : f64} : tensor<2x4xf32> -> tensor<f32>
        return %l : tensor<f32>
      })mlir",
                            {makeFloats({2, 4}, q), makeFloats({2, 4}, p)}, {},
                            ElementType::F32);
    double expected = 0;
    for (int row = 0; row < 2; ++row) {
      auto logSoftmax = [&](ArrayRef<float> logits, int i) {
        double most = *std::max_element(logits.begin() + 4 * row,
                                        logits.begin() + 4 * row + 4);
        double sum = 0;
        for (int j = 0; j < 4; ++j)
          sum += std::exp((logits[4 * row + j] - most) / 4);
        return (logits[4 * row + i] - most) / 4 - std::log(sum);
      };
      for (int i = 0; i < 4; ++i)
        expected +=
            std::exp(logSoftmax(p, i)) * (logSoftmax(p, i) - logSoftmax(q, i));
    }
    expected /= 2 * 0.1;
    EXPECT_NEAR(result.values<float>()[0], expected,
                1e-5 * std::max(1.0, expected));
  }
}

/// dc_1: statistics of each sample against those of the batch norm.
TEST_P(FormulaTest, BatchNormLoss) {
  SmallVector<float> u;
  for (int i = 0; i < 2 * 2 * 4; ++i)
    u.push_back(0.2f * ((i * 7) % 11) - 0.5f);
  const float mean[] = {0.1f, -0.2f}, variance[] = {0.5f, 2.0f};
  HostTensor result = run(R"mlir(
    func.func @f(%u: tensor<2x2x2x2xf32>, %m: tensor<2xf32>, %v: tensor<2xf32>) -> tensor<f32> {
      %l = pdq.batch_norm_loss %u, %m, %v : tensor<2x2x2x2xf32>, tensor<2xf32> -> tensor<f32>
      return %l : tensor<f32>
    })mlir",
                          {makeFloats({2, 2, 2, 2}, u), makeFloats({2}, mean),
                           makeFloats({2}, variance)},
                          {}, ElementType::F32);
  double expected = 0;
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 2; ++c) {
      ArrayRef<float> plane = ArrayRef(u).slice((n * 2 + c) * 4, 4);
      double mu = std::accumulate(plane.begin(), plane.end(), 0.0) / 4, sum = 0;
      for (float element : plane)
        sum += (element - mu) * (element - mu);
      double sd = std::sqrt(sum / 3 + 1e-6);
      double d = std::sqrt(variance[c] + 1e-6);
      expected += ((mean[c] - mu) * (mean[c] - mu) + (d - sd) * (d - sd)) / 2;
    }
  EXPECT_NEAR(result.values<float>()[0], expected, 1e-5);
}

//===----------------------------------------------------------------------===//
// random_1
//===----------------------------------------------------------------------===//

/// random_1: masks have the bits of the plain loop, on every target.
TEST_P(FormulaTest, Bernoulli) {
  const int64_t step = (int64_t(3) << 32) + 17;
  HostTensor counter = makeTensor<int64_t>({}, ElementType::I64, {step});
  for (double probability : {0.0, 0.5, 0.9, 1.0}) {
    std::string source =
        "func.func @f(%step: tensor<i64>) -> tensor<16x33xi1> {\n"
        "  %m = pdq.bernoulli %step {probability = " +
        std::to_string(probability) +
        " : f64, seed = 81985529216486895 : i64, stream = 9 : i64} : "
        "tensor<16x33xi1>\n"
        "  return %m : tensor<16x33xi1>\n}";
    HostTensor result =
        run(source, {counter.clone()}, {16, 33}, ElementType::I1);
    uint64_t bound = std::llround(probability * 4294967296.0);
    const auto *bits = static_cast<const uint8_t *>(result.data());
    for (uint32_t i = 0; i < 16 * 33; ++i)
      ASSERT_EQ(bits[i] != 0, draw(81985529216486895u, 9, step, i) < bound)
          << probability << ", element " << i;
  }
}

/// random_1: indices lie below the bound and follow the plain loop.
TEST_P(FormulaTest, UniformIndex) {
  HostTensor counter = makeTensor<int64_t>({}, ElementType::I64, {41});
  HostTensor result = run(R"mlir(
    func.func @f(%step: tensor<i64>) -> tensor<256xi32> {
      %i = pdq.uniform_index %step {bound = 100 : i64, seed = 5 : i64, stream = 2 : i64} : tensor<256xi32>
      return %i : tensor<256xi32>
    })mlir",
                          {counter.clone()}, {256}, ElementType::I32);
  for (uint32_t i = 0; i < 256; ++i)
    ASSERT_EQ(result.values<int32_t>()[i],
              int32_t((uint64_t(draw(5, 2, 41, i)) * 100) >> 32))
        << i;
}

INSTANTIATE_TEST_SUITE_P(Targets, FormulaTest, testing::Values("cpu", "cuda"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
