// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first scale and zero point against an exhaustive search in plain C++.

#include "pdq/Calibration/Scales/ScaleSearch.h"
#include "ProgramHarness.h"
#include "mlir/AsmParser/AsmParser.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

class ScaleSearchTest : public ProgramTest {
protected:
  QuantizerParameters search(ScaleRules rules, const HostTensor &data,
                             unsigned bits, std::optional<int64_t> axis) {
    context.loadAllAvailableDialects();
    ScaleSearch scales(*executor, rules);
    std::string text = "#pdq.quantizer<bits = " + std::to_string(bits) +
                       (axis ? ", axis = " + std::to_string(*axis) : "") + ">";
    auto quantizer = dyn_cast<QuantizerAttr>(parseAttribute(text, &context));
    auto found =
        scales.searchWeight(UnknownLoc::get(&context), upload(data), quantizer);
    EXPECT_TRUE(succeeded(found));
    return std::move(*found);
  }
};

struct Parameters {
  double scale;
  int zeroPoint;
};

/// init_mse: mean |x^ - x|^2.4 of one candidate.
double getError(ArrayRef<float> data, Parameters parameters, int levels) {
  double sum = 0;
  for (float x : data) {
    double q = std::nearbyint(x / parameters.scale) + parameters.zeroPoint;
    q = std::clamp(q, 0.0, double(levels));
    sum += std::pow(
        std::fabs((q - parameters.zeroPoint) * parameters.scale - x), 2.4);
  }
  return sum / data.size();
}

/// The smallest error that any candidate of init_mse has.
double getLeastError(ArrayRef<float> data, int levels) {
  double lo = 0, hi = 0, least = INFINITY;
  for (float x : data) {
    lo = std::min<double>(lo, x);
    hi = std::max<double>(hi, x);
  }
  bool twoSided = lo < 0 && hi > 0;
  for (int i = 1; i <= 100; ++i)
    for (int z = 0; z <= (twoSided ? levels : 0); ++z) {
      double scale = std::max((hi - lo) * i / 100 / levels, 1e-8);
      int zero = twoSided ? z : lo < 0 ? levels : 0;
      least = std::min(least, getError(data, {scale, zero}, levels));
    }
  return least;
}

SmallVector<float> makeSamples(size_t count, float shift, float factor) {
  SmallVector<float> samples;
  uint32_t state = 12345;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    float uniform = (state >> 8) / 16777216.0f;
    samples.push_back(factor * (uniform * uniform * uniform - 0.3f) + shift);
  }
  samples[3] = factor * 3 + shift; // Far outside.
  return samples;
}

TEST_P(ScaleSearchTest, init_minmax) {
  QuantizerParameters found = search(
      {ScaleInit::MinMax}, makeFloats({4}, {-0.5f, 0.25f, 1.0f, 0.0f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 0.5f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 1);
  // Ranges include 0.
  found = search({ScaleInit::MinMax}, makeFloats({2}, {1.0f, 3.0f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 1.0f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 0);
}

/// Two-sided, positive and negative data, on every width.
TEST_P(ScaleSearchTest, init_mse) {
  for (unsigned bits : {2u, 3u, 4u, 8u})
    for (float shift : {0.0f, 2.0f, -9.0f}) {
      SmallVector<float> data = makeSamples(512, shift, 2);
      QuantizerParameters found =
          search({ScaleInit::MSE}, makeFloats({512}, data), bits, {});
      Parameters parameters{found.scale.values<float>()[0],
                            found.zeroPoint.values<int32_t>()[0]};
      int levels = (1 << bits) - 1;
      double least = getLeastError(data, levels);
      EXPECT_LE(getError(data, parameters, levels), least * 1.0001)
          << bits << " bits, shift " << shift;
      EXPECT_GE(parameters.zeroPoint, 0);
      EXPECT_LE(parameters.zeroPoint, levels);
    }
}

/// Every slice of a weight has its own grid.
TEST_P(ScaleSearchTest, init_mse_per_axis) {
  SmallVector<float> data;
  for (float factor : {1.0f, 0.01f, 50.0f})
    llvm::append_range(data, makeSamples(64, 0, factor));
  QuantizerParameters found =
      search({ScaleInit::MSE}, makeFloats({3, 64}, data), 3, 0);
  ASSERT_EQ(found.scale.getNumElements(), 3);
  for (int slice = 0; slice < 3; ++slice) {
    ArrayRef<float> part = ArrayRef(data).slice(slice * 64, 64);
    Parameters parameters{found.scale.values<float>()[slice],
                          found.zeroPoint.values<int32_t>()[slice]};
    EXPECT_LE(getError(part, parameters, 7), getLeastError(part, 7) * 1.0001);
  }
}

TEST_P(ScaleSearchTest, init_minmax_negative) {
  QuantizerParameters found =
      search({ScaleInit::MinMax}, makeFloats({2}, {-6.0f, -1.5f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 2.0f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 3);
}

/// init_mse: a grid that holds all data exactly is found, whatever its side.
/// The reach is a candidate itself (i = 100).
TEST_P(ScaleSearchTest, init_mse_of_grid) {
  struct Case {
    SmallVector<float> data;
    float scale;
    int32_t zeroPoint;
  };
  for (const Case &c :
       {Case{{0, 1, 2, 3}, 1, 0}, Case{{-3, 0, -1, -2}, 1, 3},
        Case{{-0.5f, 0, 0.5f, 1}, 0.5f, 1}, Case{{7, 7, 7, 7}, 7 / 3.0f, 0}}) {
    QuantizerParameters found =
        search({ScaleInit::MSE}, makeFloats({4}, c.data), 2, {});
    double error = getError(
        c.data,
        {found.scale.values<float>()[0], found.zeroPoint.values<int32_t>()[0]},
        3);
    EXPECT_LT(error, 1e-12);
    EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], c.zeroPoint);
    if (c.data.front() != 7) // A constant is exact with other scales, too.
      EXPECT_FLOAT_EQ(found.scale.values<float>()[0], c.scale);
  }
}

/// init_mse: the first of equal candidates wins.
TEST_P(ScaleSearchTest, init_mse_ties) {
  QuantizerParameters found =
      search({ScaleInit::MSE}, makeFloats({2}, {-1.0f, 2.0f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 1.0f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 1);
  // Zeros beside one channel with data: all candidates of that channel are
  // equal, so the first one stays, which has the smallest scale.
  found = search({ScaleInit::MSE}, makeFloats({2, 2}, {0, 0, -1, 2}), 2, 0);
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 1e-8f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 0);
  EXPECT_FLOAT_EQ(found.scale.values<float>()[1], 1.0f);
}

/// What is not finite has no scale.
TEST_P(ScaleSearchTest, RefusesNaN) {
  context.loadAllAvailableDialects();
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  for (float value : {NAN, INFINITY}) {
    message.clear();
    ScaleSearch scales(*executor, {ScaleInit::MSE});
    auto quantizer = dyn_cast<QuantizerAttr>(
        parseAttribute("#pdq.quantizer<bits = 2>", &context));
    EXPECT_TRUE(failed(scales.searchActivation(
        UnknownLoc::get(&context), upload(makeFloats({2}, {1, value})),
        quantizer)));
    EXPECT_EQ(message, "cannot choose a scale for values that are not finite");
  }
}

/// Data without extent has the smallest scale, and stays what it is.
TEST_P(ScaleSearchTest, init_mse_of_zeros) {
  QuantizerParameters found =
      search({ScaleInit::MSE}, makeFloats({4}, {0, 0, 0, 0}), 4, {});
  EXPECT_GE(found.scale.values<float>()[0], 1e-8f);
  EXPECT_TRUE(std::isfinite(found.scale.values<float>()[0]));
}

/// init_bound: what no bound excludes holds the choice of all candidates, also
/// where some are equal.
TEST_P(ScaleSearchTest, init_bound) {
  SmallVector<SmallVector<float>> tensors{
      makeSamples(3000, 0, 2), makeSamples(3000, 2, 1),
      makeSamples(3000, -9, 0.1f), SmallVector<float>(3000, 0),
      SmallVector<float>(3000, 0.7f)};
  // Values of a grid, and far outliers.
  tensors.push_back(makeSamples(3000, 0, 1));
  for (float &value : tensors.back())
    value = std::nearbyint(value * 8) / 8;
  tensors.push_back(makeSamples(3000, 0, 1));
  tensors.back()[7] = 1000;
  tensors.back()[8] = -30;
  // The simulated device takes seconds for all candidates of 8 bits.
  SmallVector<unsigned> widths{2};
  if (StringRef(GetParam()) == "cpu")
    widths.append({4, 8});
  for (const SmallVector<float> &data : tensors)
    for (unsigned bits : widths)
      for (std::optional<int64_t> axis : {std::optional<int64_t>(), {0}})
        for (bool symmetric : {false, true}) {
          HostTensor tensor = makeFloats({6, 500}, data);
          ScaleRules rules{ScaleInit::MSE, symmetric};
          QuantizerParameters found = search(rules, tensor, bits, axis);
          rules.exhaustive = true;
          QuantizerParameters all = search(rules, tensor, bits, axis);
          EXPECT_EQ(found.scale.values<float>(), all.scale.values<float>());
          EXPECT_EQ(found.zeroPoint.values<int32_t>(),
                    all.zeroPoint.values<int32_t>());
        }
}

/// init_symmetric: the zero point is the middle, and both ends are covered.
TEST_P(ScaleSearchTest, init_symmetric) {
  ScaleRules rules{ScaleInit::MinMax, /*symmetricWeights=*/true};
  // -4 is 2 steps below the middle of 0 to 3, 3 one step above.
  QuantizerParameters found =
      search(rules, makeFloats({2}, {-4.0f, 3.0f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 3.0f);
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 2);
  found = search(rules, makeFloats({2}, {-8.0f, 3.0f}), 2, {});
  EXPECT_FLOAT_EQ(found.scale.values<float>()[0], 4.0f);

  // The error decides: no other hundredth of the range is better.
  rules.init = ScaleInit::MSE;
  SmallVector<float> data = makeSamples(512, 0, 2);
  found = search(rules, makeFloats({512}, data), 4, {});
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 8);
  auto [lo, hi] = std::minmax_element(data.begin(), data.end());
  double whole = std::max(-*lo / 8, *hi / 7), least = INFINITY;
  for (int i = 1; i <= 100; ++i)
    least = std::min(least, getError(data, {whole * i / 100, 8}, 15));
  EXPECT_LE(getError(data, {found.scale.values<float>()[0], 8}, 15),
            least * 1.0001);
}

/// init_pow2: the power of two that covers the range, or the one with the least
/// error.
TEST_P(ScaleSearchTest, init_pow2) {
  ScaleRules rules{ScaleInit::MinMax};
  rules.powerOfTwo = true;
  QuantizerParameters found =
      search(rules, makeFloats({2}, {-0.6f, 1.0f}), 2, {});
  EXPECT_EQ(found.scale.values<float>()[0], 1.0f); // 1.6 / 3 or more
  EXPECT_EQ(found.zeroPoint.values<int32_t>()[0], 1);

  rules.init = ScaleInit::MSE;
  SmallVector<float> data = makeSamples(512, 2, 1);
  found = search(rules, makeFloats({512}, data), 3, {});
  double error = getError(
      data,
      {found.scale.values<float>()[0], found.zeroPoint.values<int32_t>()[0]},
      7);
  for (double scale = 1.0 / 64; scale <= 64; scale *= 2)
    EXPECT_LE(error, getError(data, {scale, 0}, 7) * 1.0001) << scale;
}

INSTANTIATE_TEST_SUITE_P(Targets, ScaleSearchTest,
                         testing::Values("cpu", "cuda"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
