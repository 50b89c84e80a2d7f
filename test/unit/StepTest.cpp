// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of a region, against the same computation in plain C++: the
// losses of one optimizer iteration with all its random decisions, and those of
// distribution correction.

#include "PlainFormulas.h"
#include "ProgramHarness.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

class StepTest : public ProgramTest {
protected:
  /// Takes the network @main apart and collects the quantizers of its one
  /// region, which is section `index`.
  void readNetwork(StringRef source, int index) {
    module = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(module);
    sections.emplace(module->lookupSymbol<func::FuncOp>("main"));
    ASSERT_TRUE(sections->getSections()[index].region);
    auto found = collectQuantizers(sections->getSections()[index].region);
    ASSERT_TRUE(succeeded(found));
    quantizers = std::move(*found);
  }

  std::unique_ptr<Executable> compilePrograms(const RegionContext &region) {
    auto programs = buildRegionPrograms(region);
    EXPECT_TRUE(succeeded(programs));
    auto executable = executor->compile(**programs);
    EXPECT_TRUE(succeeded(executable));
    return std::move(*executable);
  }

  /// A buffer with numbers between -1 and 1.
  BufferRef makeData(ArrayRef<int64_t> shape, uint32_t seed) {
    HostTensor tensor(shape, ElementType::F32);
    for (auto [i, value] : llvm::enumerate(tensor.values<float>()))
      value = draw(seed, 0, 0, i) / 2147483648.0f - 1;
    return upload(tensor);
  }

  /// A learned parameter and its two moments, which are 0.
  void addParameter(SmallVectorImpl<BufferRef> &arguments,
                    const BufferRef &parameter) {
    arguments.push_back(parameter);
    for (int moment = 0; moment < 2; ++moment)
      arguments.push_back(
          executor->allocate(parameter->getShape(), ElementType::F32));
  }

  OwningOpRef<ModuleOp> module;
  std::optional<NetworkSections> sections;
  RegionQuantizers quantizers;
};

//===----------------------------------------------------------------------===//
// One iteration
//===----------------------------------------------------------------------===//

constexpr int64_t batch = 4, samples = 10, inputs = 3, outputs = 2;

/// Doubling, a linear region with one weight and one activation quantizer, and
/// doubling again: the region is section 1.
constexpr StringRef linearNetwork = R"mlir(
  func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
    %ie = tensor.empty() : tensor<4x3xf32>
    %in2 = linalg.add ins(%x, %x : tensor<4x3xf32>, tensor<4x3xf32>) outs(%ie : tensor<4x3xf32>) -> tensor<4x3xf32>
    %y = pdq.region @linear ins(%in2 : tensor<4x3xf32>) -> (tensor<4x2xf32>)
    float {
    ^bb0(%in: tensor<4x3xf32>):
      %w = arith.constant dense<[[0.3, -0.6], [0.5, 0.9], [-0.2, 0.7]]> : tensor<3x2xf32>
      %zero = arith.constant dense<0.0> : tensor<4x2xf32>
      %m = linalg.matmul ins(%in, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<4x2xf32>) -> tensor<4x2xf32>
      pdq.yield %m : tensor<4x2xf32>
    } quantized {
    ^bb0(%in: tensor<4x3xf32>):
      %w = arith.constant dense<[[0.3, -0.6], [0.5, 0.9], [-0.2, 0.7]]> : tensor<3x2xf32>
      %q = pdq.fake_quant %w to <bits = 3, axis = 1> : tensor<3x2xf32>
      %zero = arith.constant dense<0.0> : tensor<4x2xf32>
      %m = linalg.matmul ins(%in, %q : tensor<4x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<4x2xf32>) -> tensor<4x2xf32>
      %a = pdq.fake_quant %m to <bits = 4> : tensor<4x2xf32>
      pdq.yield %a : tensor<4x2xf32>
    }
    %e = tensor.empty() : tensor<4x2xf32>
    %l = linalg.add ins(%y, %y : tensor<4x2xf32>, tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
    return %l : tensor<4x2xf32>
  })mlir";

const float weightScales[] = {0.25f, 0.3f};
const int32_t weightZeros[] = {2, 4};
constexpr float activationScale = 0.2f;
constexpr int32_t activationZero = 7;

/// What the step program reads, on the host.
struct StepData {
  HostTensor plain, corrected, target, logits, rounding;
  int64_t step;
  /// Scales that are learned (round_6); those that weights are rounded by are
  /// `weightScales`.
  std::array<double, 2> learnedScales = {weightScales[0], weightScales[1]};
};

/// Row-major element.
float at(const HostTensor &tensor, int64_t row, int64_t column) {
  return tensor.values<float>()[row * tensor.getShape()[1] + column];
}

/// loss_total and its parts in plain C++, in the order of the ring.
class PlainStep {
public:
  PlainStep(const StepData &data, const CalibrationOptions &options)
      : data(data), options(options) {}

  std::array<double, 4> computeLosses() {
    runStudent();
    double reconstruction = 0, difference = 0;
    for (int64_t b = 0; b < batch; ++b) {
      int64_t sample = getSample(b);
      for (int64_t o = 0; o < outputs; ++o)
        reconstruction +=
            std::pow(result[b][o] - at(data.target, sample, o), 2) / batch;
      difference += computeDivergence(sample, result[batch + b]) / batch;
    }
    difference *= options.predictionDifference ? 1 / options.lambdaR : 0;
    double regularizer = computeRegularizer();
    return {reconstruction + difference + regularizer, reconstruction,
            difference, regularizer};
  }

private:
  /// Streams of section 1: the mini-batch, the mixing, the activation masks.
  static constexpr uint64_t stream = 4096;

  bool keeps(uint64_t which, double probability, uint32_t i) const {
    uint64_t bound = std::llround(probability * 4294967296.0);
    return draw(options.seed, which, data.step, i) < bound;
  }
  int64_t getSample(int64_t b) const {
    return (uint64_t(draw(options.seed, stream, data.step, b)) * samples) >> 32;
  }

  double getWeight(int64_t i, int64_t o) const {
    const float weight[3][2] = {{0.3f, -0.6f}, {0.5f, 0.9f}, {-0.2f, 0.7f}};
    double scale = weightScales[o], zero = weightZeros[o];
    // Kept with the channels of the result last, as the weight is here.
    double h = rectify(at(data.rounding, o, i));
    double q = std::clamp(std::floor(weight[i][o] / scale) + h + zero, 0., 7.);
    return (q - zero) * data.learnedScales[o];
  }

  /// The region on the mixed (drop_in) and the plain half of the batch.
  void runStudent() {
    for (int64_t row = 0; row < 2 * batch; ++row)
      for (int64_t o = 0; o < outputs; ++o) {
        int64_t b = row % batch, sample = getSample(b);
        double sum = 0;
        for (int64_t i = 0; i < inputs; ++i) {
          bool quantized =
              row >= batch || keeps(stream + 1, options.dropIn, b * inputs + i);
          sum += getWeight(i, o) *
                 at(quantized ? data.plain : data.corrected, sample, i);
        }
        result[row][o] = quantizeActivation(sum, row * outputs + o);
      }
  }

  /// drop_act
  double quantizeActivation(double value, uint32_t i) const {
    if (!keeps(stream + 1024, options.dropAct, i))
      return value;
    double q = std::nearbyint(value / activationScale) + activationZero;
    return (std::clamp(q, 0.0, 15.0) - activationZero) * activationScale;
  }

  /// KL of one sample; the tail doubles.
  double computeDivergence(int64_t sample, const double *row) const {
    double temperature = options.temperature, sums[2] = {0, 0}, divergence = 0;
    for (int64_t o = 0; o < outputs; ++o) {
      sums[0] += std::exp(at(data.logits, sample, o) / temperature);
      sums[1] += std::exp(2 * row[o] / temperature);
    }
    for (int64_t o = 0; o < outputs; ++o) {
      double fp = at(data.logits, sample, o) / temperature - std::log(sums[0]);
      double q = 2 * row[o] / temperature - std::log(sums[1]);
      divergence += std::exp(fp) * (fp - q);
    }
    return divergence;
  }

  /// round_5 in iteration `step`, which is number step + 1.
  double computeRegularizer() const {
    double start = options.warmup * options.iterations;
    if (!options.learnedRounding || data.step + 1 < start)
      return 0;
    double past = (data.step + 1 - start) / (options.iterations - start);
    double beta = 2 + 18 * (1 - past), sum = 0;
    for (float a : data.rounding.values<float>())
      sum += 1 - std::pow(std::fabs(2 * rectify(a) - 1), beta);
    return options.roundingWeight * sum;
  }

  const StepData &data;
  const CalibrationOptions &options;
  double result[2 * batch][outputs];
};

/// loss_total, drop_in, drop_act: the four losses of single iterations, during
/// the warm-up and after it, with and without each part.
TEST_P(StepTest, loss_total) {
  readNetwork(linearNetwork, 1);
  if (HasFatalFailure())
    return;
  setParameters(quantizers.weights.front(), makeFloats({2}, weightScales),
                makeTensor<int32_t>({2}, ElementType::I32, weightZeros));
  CalibrationOptions options;
  options.iterations = 200;
  options.batch = batch;
  options.outputs = {{OutputLoss::Divergence, 1}};
  options.seed = 0x123456789abcdef;
  for (int variant = 0; variant < 4; ++variant) {
    options.predictionDifference = variant != 1;
    options.dropIn = variant == 2 ? 1.0 : 0.5;
    options.dropAct = variant == 3 ? 1.0 : 0.6;
    RegionContext region{*sections, 1, quantizers, options, samples};
    std::unique_ptr<Executable> executable = compilePrograms(region);
    SmallVector<BufferRef> data{
        makeData({samples, inputs}, 1), makeData({samples, inputs}, 2),
        makeData({samples, outputs}, 3), makeData({samples, outputs}, 4)};
    for (int64_t step : {0, 38, 39, 150}) {
      BufferRef rounding = makeData({outputs, inputs}, 5 + step);
      StepData host{data[0]->read(), data[1]->read(),  data[2]->read(),
                    data[3]->read(), rounding->read(), step};
      std::array<double, 4> expected = PlainStep(host, options).computeLosses();
      HostTensor one = makeTensor<double>({}, ElementType::F64, {1.0});
      SmallVector<BufferRef> arguments{
          upload(makeTensor<int64_t>({}, ElementType::I64, {step})),
          upload(one), upload(one)};
      llvm::append_range(arguments, data);
      addParameter(arguments, rounding);
      addParameter(arguments, upload(makeFloats({}, {activationScale})));
      arguments.push_back(
          upload(makeTensor<int32_t>({}, ElementType::I32, {activationZero})));
      BufferRef ring = executor->allocate({lossRingSize, 4}, ElementType::F32);
      arguments.push_back(ring);
      executable->call(program::step, arguments, {});
      HostTensor losses = ring->read();
      for (int i = 0; i < 4; ++i)
        EXPECT_NEAR(at(losses, step % lossRingSize, i), expected[i], 2e-5)
            << "variant " << variant << ", step " << step << ", loss " << i;
      EXPECT_EQ(arguments[0]->read().values<int64_t>()[0], step + 1);
    }
  }
}

/// round_6: the loss with scales of weights that were learned, and the first
/// step of Adam, which goes by its rate against the sign of the derivative.
TEST_P(StepTest, round_6) {
  readNetwork(linearNetwork, 1);
  if (HasFatalFailure())
    return;
  setParameters(quantizers.weights.front(), makeFloats({2}, weightScales),
                makeTensor<int32_t>({2}, ElementType::I32, weightZeros));
  CalibrationOptions options;
  options.iterations = 200;
  options.batch = batch;
  options.outputs = {{OutputLoss::Divergence, 1}};
  options.weightScaleLearning = true;
  // Nothing that jumps: quantized activations have no derivative to compare.
  options.dropAct = 0.0;
  RegionContext region{*sections, 1, quantizers, options, samples};
  std::unique_ptr<Executable> executable = compilePrograms(region);
  SmallVector<BufferRef> data{
      makeData({samples, inputs}, 1), makeData({samples, inputs}, 2),
      makeData({samples, outputs}, 3), makeData({samples, outputs}, 4)};
  BufferRef rounding = makeData({outputs, inputs}, 5);
  const float learned[] = {0.28f, 0.27f};
  BufferRef scale = upload(makeFloats({2}, learned));
  StepData host{data[0]->read(),         data[1]->read(),  data[2]->read(),
                data[3]->read(),         rounding->read(), /*step=*/0,
                {learned[0], learned[1]}};
  double expected = PlainStep(host, options).computeLosses()[0];
  HostTensor one = makeTensor<double>({}, ElementType::F64, {1.0});
  SmallVector<BufferRef> arguments{
      upload(makeTensor<int64_t>({}, ElementType::I64, {0})), upload(one),
      upload(one)};
  llvm::append_range(arguments, data);
  addParameter(arguments, rounding);
  addParameter(arguments, scale);
  addParameter(arguments, upload(makeFloats({}, {activationScale})));
  arguments.push_back(
      upload(makeTensor<int32_t>({}, ElementType::I32, {activationZero})));
  BufferRef ring = executor->allocate({lossRingSize, 4}, ElementType::F32);
  arguments.push_back(ring);
  executable->call(program::step, arguments, {});
  EXPECT_NEAR(at(ring->read(), 0, 0), expected, 2e-5);
  for (int o = 0; o < outputs; ++o) {
    double losses[2], step = 1e-4;
    for (int sign : {0, 1}) {
      StepData moved{host.plain.clone(),    host.corrected.clone(),
                     host.target.clone(),   host.logits.clone(),
                     host.rounding.clone(), /*step=*/0,
                     host.learnedScales};
      moved.learnedScales[o] += sign ? step : -step;
      losses[sign] = PlainStep(moved, options).computeLosses()[0];
    }
    double slope = (losses[1] - losses[0]) / (2 * step);
    ASSERT_GT(std::fabs(slope), 1e-2);
    EXPECT_NEAR(scale->read().values<float>()[o],
                learned[o] - std::copysign(options.weightScaleRate, slope),
                1e-6);
  }
}

//===----------------------------------------------------------------------===//
// Distribution correction
//===----------------------------------------------------------------------===//

constexpr StringRef normNetwork = R"mlir(
  func.func @main(%x: tensor<2x3x2x2xf32>) -> tensor<2x12xf32> {
    %y = pdq.region @norm ins(%x : tensor<2x3x2x2xf32>) -> (tensor<2x3x2x2xf32>)
    float {
    ^bb0(%in: tensor<2x3x2x2xf32>):
      %mean = arith.constant dense<[0.1, -0.2, 0.0]> : tensor<3xf32>
      %variance = arith.constant dense<[0.5, 2.0, 1.0]> : tensor<3xf32>
      %gamma = arith.constant dense<1.0> : tensor<3xf32>
      %beta = arith.constant dense<0.5> : tensor<3xf32>
      %n = pdq.batch_norm %in, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-05 : f64} : tensor<2x3x2x2xf32>, tensor<3xf32>
      pdq.yield %n : tensor<2x3x2x2xf32>
    } quantized {
    ^bb0(%in: tensor<2x3x2x2xf32>):
      %a = pdq.fake_quant %in to <bits = 4> : tensor<2x3x2x2xf32>
      pdq.yield %a : tensor<2x3x2x2xf32>
    }
    %c = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<2x3x2x2xf32> into tensor<2x12xf32>
    return %c : tensor<2x12xf32>
  })mlir";

/// dc_2 of [2, 2, 2, 3] inputs, channels last, with the norm of `normNetwork`.
double computeCorrectionLoss(ArrayRef<float> x, ArrayRef<float> x0,
                             double lambdaC) {
  const double mean[] = {0.1, -0.2, 0.0}, variance[] = {0.5, 2.0, 1.0};
  double loss = 0;
  for (size_t i = 0; i < x.size(); ++i)
    loss += std::pow(double(x[i]) - x0[i], 2) / 8 / lambdaC;
  for (int b = 0; b < 2; ++b)
    for (int c = 0; c < 3; ++c) {
      double mu = 0, sum = 0;
      for (int p = 0; p < 4; ++p)
        mu += x[(b * 4 + p) * 3 + c] / 4.0;
      for (int p = 0; p < 4; ++p)
        sum += std::pow(x[(b * 4 + p) * 3 + c] - mu, 2);
      double deviation = std::sqrt(sum / 3 + 1e-6);
      loss += std::pow(mean[c] - mu, 2) / 2;
      loss += std::pow(std::sqrt(variance[c] + 1e-6) - deviation, 2) / 2;
    }
  return loss;
}

/// dc_2: the first step's loss, and that steps lower it.
TEST_P(StepTest, dc_2) {
  readNetwork(normNetwork, 0);
  if (HasFatalFailure())
    return;
  CalibrationOptions options;
  options.batch = 2;
  options.lambdaC = 0.3;
  RegionContext region{*sections, 0, quantizers, options, 2};
  std::unique_ptr<Executable> executable = compilePrograms(region);
  BufferRef corrected = makeData({2, 2, 2, 3}, 7);
  BufferRef original = makeData({2, 2, 2, 3}, 8);
  HostTensor one = makeTensor<double>({}, ElementType::F64, {1.0});
  BufferRef best =
      upload(makeFloats({}, {std::numeric_limits<float>::infinity()}));
  SmallVector<BufferRef> arguments{
      upload(one),
      upload(one),
      upload(makeFloats({}, {1e-2f})),
      best,
      executor->allocate({}, ElementType::F32),
      corrected,
      executor->allocate({2, 2, 2, 3}, ElementType::F32),
      executor->allocate({2, 2, 2, 3}, ElementType::F32),
      original};
  auto getLoss = [&] {
    HostTensor x = corrected->read(), x0 = original->read();
    return computeCorrectionLoss(x.values<float>(), x0.values<float>(), 0.3);
  };
  double first = getLoss();
  executable->call(program::correct, arguments, {});
  EXPECT_NEAR(best->read().values<float>()[0], first, 1e-5 * first);
  for (int i = 0; i < 100; ++i)
    executable->call(program::correct, arguments, {});
  EXPECT_LT(getLoss(), first / 2);
}

INSTANTIATE_TEST_SUITE_P(Targets, StepTest, testing::Values("cpu", "cuda"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
