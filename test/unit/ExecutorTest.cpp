// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The executor against plain C++: every function is compiled and run, on one
// and two threads and on every CPU target of the machine.

#include "pdq/Runtime/Executor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Numbers without a pattern in [-1, 1), the same in every run.
void fill(HostTensor &tensor, uint32_t seed) {
  for (float &value : tensor.values<float>()) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<int32_t>(seed) / 2147483648.0f;
  }
}

HostTensor makeRandom(ArrayRef<int64_t> shape, uint32_t seed) {
  HostTensor tensor(shape, ElementType::F32);
  fill(tensor, seed);
  return tensor;
}

/// Runs on every target with one and two threads; the results of all runs of
/// one target must have the same bits.
class ExecutorTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
    if (!isCUDA() && !Executor::isSupported(getCPU()))
      GTEST_SKIP() << "this CPU does not have the instructions";
    // Without overwriting: a machine with a GPU can test the real driver.
    setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
    if (isCUDA())
      if (auto executor = Executor::createCUDA(&context, {}); !executor)
        GTEST_SKIP() << llvm::toString(executor.takeError());
  }

  static bool isCUDA() { return StringRef(GetParam()) == "CUDA"; }
  static CPUTarget getCPU() {
    return StringRef(GetParam()) == "Generic" ? CPUTarget::Generic
           : StringRef(GetParam()) == "AVX2"  ? CPUTarget::AVX2
                                              : CPUTarget::AVX512;
  }
  std::unique_ptr<Executor> createExecutor(unsigned threads) {
    ExecutorOptions options;
    options.threads = threads;
    options.cpu = getCPU();
    options.target = isCUDA() ? Target::CUDA : Target::CPU;
    return llvm::cantFail(Executor::create(&context, options));
  }

  /// Calls @f of `source`. Arguments are written back by the call.
  std::vector<HostTensor> run(StringRef source,
                              std::vector<HostTensor> &arguments,
                              std::vector<HostTensor> results) {
    std::vector<HostTensor> sequential =
        run(source, 1, arguments, results, /*keepArguments=*/false);
    std::vector<HostTensor> parallel =
        run(source, 2, arguments, results, /*keepArguments=*/true);
    EXPECT_EQ(sequential.size(), parallel.size());
    for (auto [a, b] : llvm::zip(sequential, parallel))
      EXPECT_EQ(0, memcmp(a.data(), b.data(), a.getNumBytes()))
          << "threads change the result";
    return parallel;
  }

  std::vector<HostTensor> run(StringRef source, unsigned threads,
                              std::vector<HostTensor> &arguments,
                              ArrayRef<HostTensor> results,
                              bool keepArguments) {
    auto module = parseSourceString<ModuleOp>(source, &context);
    std::unique_ptr<Executor> executor = createExecutor(threads);
    auto executable = executor->compile(*module);
    EXPECT_TRUE(succeeded(executable));
    if (failed(executable))
      exit(1);
    std::vector<BufferRef> inputs, outputs;
    for (HostTensor &argument : arguments) {
      inputs.push_back(
          executor->allocate(argument.getShape(), argument.getElementType()));
      inputs.back()->write(argument);
    }
    for (const HostTensor &result : results)
      outputs.push_back(
          executor->allocate(result.getShape(), result.getElementType()));
    (*executable)->call("f", inputs, outputs);
    std::vector<HostTensor> values;
    for (BufferRef &output : outputs)
      values.push_back(output->read());
    if (keepArguments)
      for (auto [argument, input] : llvm::zip(arguments, inputs))
        argument = input->read();
    return values;
  }

  DialectRegistry registry;
  MLIRContext context;
};

/// Shape list -> result tensors.
template <typename... Shapes>
std::vector<HostTensor> results(Shapes... shapes) {
  std::vector<HostTensor> tensors;
  (tensors.emplace_back(ArrayRef<int64_t>(shapes), ElementType::F32), ...);
  return tensors;
}
using Shape = std::vector<int64_t>;

void expectNear(ArrayRef<float> actual, ArrayRef<float> expected,
                double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i],
                tolerance * std::max(1.0, std::fabs((double)expected[i])))
        << "element " << i;
}

TEST_P(ExecutorTest, ElementwiseWithBroadcast) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({5, 7}, 1));
  arguments.push_back(makeRandom({7}, 2));
  auto result = run(R"mlir(
    func.func @f(%x: tensor<5x7xf32>, %b: tensor<7xf32>) -> tensor<5x7xf32> {
      %e = tensor.empty() : tensor<5x7xf32>
      %zero = arith.constant 0.0 : f32
      %r = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                           affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%x, %b : tensor<5x7xf32>, tensor<7xf32>) outs(%e : tensor<5x7xf32>) {
      ^bb0(%a: f32, %c: f32, %o: f32):
        %s = arith.addf %a, %c : f32
        %m = arith.maximumf %s, %zero : f32
        linalg.yield %m : f32
      } -> tensor<5x7xf32>
      return %r : tensor<5x7xf32>
    })mlir",
                    arguments, results(Shape{5, 7}));
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 7; ++j)
      EXPECT_EQ(result[0].values<float>()[i * 7 + j],
                std::max(arguments[0].values<float>()[i * 7 + j] +
                             arguments[1].values<float>()[j],
                         0.0f));
}

/// y = relu(conv(pad(x), w) + b), conv of stride 1 and 3x3 filters.
std::vector<float> convolve(const HostTensor &x, const HostTensor &w,
                            const HostTensor &b) {
  int64_t n = x.getShape()[0], c = x.getShape()[1], h = x.getShape()[2],
          f = w.getShape()[0];
  std::vector<float> y;
  for (int64_t in = 0; in < n; ++in)
    for (int64_t jf = 0; jf < f; ++jf)
      for (int64_t oh = 0; oh < h; ++oh)
        for (int64_t ow = 0; ow < h; ++ow) {
          double sum = b.values<float>()[jf];
          for (int64_t ic = 0; ic < c; ++ic)
            for (int64_t kh = 0; kh < 3; ++kh)
              for (int64_t kw = 0; kw < 3; ++kw) {
                int64_t ih = oh + kh - 1, iw = ow + kw - 1;
                if (ih >= 0 && ih < h && iw >= 0 && iw < h)
                  sum += double(x.values<float>()[((in * c + ic) * h + ih) * h +
                                                  iw]) *
                         w.values<float>()[((jf * c + ic) * 3 + kh) * 3 + kw];
              }
          y.push_back(std::max(sum, 0.0));
        }
  return y;
}

TEST_P(ExecutorTest, PaddedConvolutionWithBiasAndReLU) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({2, 3, 8, 8}, 1));
  arguments.push_back(makeRandom({16, 3, 3, 3}, 2));
  arguments.push_back(makeRandom({16}, 3));
  auto result = run(R"mlir(
    func.func @f(%x: tensor<2x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %b: tensor<16xf32>)
        -> tensor<2x16x8x8xf32> {
      %zero = arith.constant 0.0 : f32
      %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
      ^bb0(%i: index, %j: index, %k: index, %l: index):
        tensor.yield %zero : f32
      } : tensor<2x3x8x8xf32> to tensor<2x3x10x10xf32>
      %e = tensor.empty() : tensor<2x16x8x8xf32>
      %init = linalg.broadcast ins(%b : tensor<16xf32>) outs(%e : tensor<2x16x8x8xf32>) dimensions = [0, 2, 3]
      %y = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
          ins(%p, %w : tensor<2x3x10x10xf32>, tensor<16x3x3x3xf32>)
          outs(%init : tensor<2x16x8x8xf32>) -> tensor<2x16x8x8xf32>
      %r = linalg.generic {
          indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (n, c, h, w)>],
          iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%y : tensor<2x16x8x8xf32>) outs(%e : tensor<2x16x8x8xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.maximumf %a, %zero : f32
        linalg.yield %m : f32
      } -> tensor<2x16x8x8xf32>
      return %r : tensor<2x16x8x8xf32>
    })mlir",
                    arguments, results(Shape{2, 16, 8, 8}));
  expectNear(result[0].values<float>(),
             convolve(arguments[0], arguments[1], arguments[2]), 1e-5);
}

TEST_P(ExecutorTest, StateIsUpdatedInPlaceAfterItsLastUse) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({33}, 1));
  arguments.push_back(makeRandom({33}, 2));
  HostTensor before = arguments[1].clone();
  // w -= 0.5 g; the result reports the old sum of w, so it must be read first.
  auto result = run(R"mlir(
    func.func @f(%g: tensor<33xf32>, %w: tensor<33xf32>)
        -> (tensor<33xf32> {plan.in_place = 1 : i64}, tensor<f32>) {
      %half = arith.constant 0.5 : f32
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<33xf32>
      %new = linalg.generic {
          indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
          iterator_types = ["parallel"]}
          ins(%w, %g : tensor<33xf32>, tensor<33xf32>) outs(%e : tensor<33xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %m = arith.mulf %b, %half : f32
        %s = arith.subf %a, %m : f32
        linalg.yield %s : f32
      } -> tensor<33xf32>
      %es = tensor.empty() : tensor<f32>
      %init = linalg.fill ins(%zero : f32) outs(%es : tensor<f32>) -> tensor<f32>
      %sum = linalg.generic {
          indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
          iterator_types = ["reduction"]}
          ins(%w : tensor<33xf32>) outs(%init : tensor<f32>) {
      ^bb0(%a: f32, %o: f32):
        %s = arith.addf %a, %o : f32
        linalg.yield %s : f32
      } -> tensor<f32>
      return %new, %sum : tensor<33xf32>, tensor<f32>
    })mlir",
                    arguments, results(Shape{}));
  double sum = 0;
  for (int i = 0; i < 33; ++i) {
    sum += before.values<float>()[i];
    EXPECT_EQ(arguments[1].values<float>()[i],
              before.values<float>()[i] -
                  0.5f * arguments[0].values<float>()[i]);
  }
  EXPECT_NEAR(result[0].values<float>()[0], sum, 1e-5);
}

TEST_P(ExecutorTest, ResultsMaySwapTheirArguments) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({9}, 1));
  arguments.push_back(makeRandom({9}, 2));
  HostTensor a = arguments[0].clone(), b = arguments[1].clone();
  run(R"mlir(
    func.func @f(%a: tensor<9xf32>, %b: tensor<9xf32>)
        -> (tensor<9xf32> {plan.in_place = 1 : i64}, tensor<9xf32> {plan.in_place = 0 : i64}) {
      return %a, %b : tensor<9xf32>, tensor<9xf32>
    })mlir",
      arguments, {});
  EXPECT_EQ(arguments[1].values<float>(), a.values<float>());
  EXPECT_EQ(arguments[0].values<float>(), b.values<float>());
}

TEST_P(ExecutorTest, GatherOfDrawnSamples) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({6, 4}, 1));
  arguments.emplace_back(ArrayRef<int64_t>{3}, ElementType::I64);
  int64_t drawn[] = {5, 0, 5};
  std::copy(drawn, drawn + 3, arguments[1].values<int64_t>().begin());
  auto result = run(R"mlir(
    func.func @f(%cache: tensor<6x4xf32>, %index: tensor<3xi64>) -> tensor<3x4xf32> {
      %e = tensor.empty() : tensor<3x4xf32>
      %r = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%index : tensor<3xi64>) outs(%e : tensor<3x4xf32>) {
      ^bb0(%k: i64, %o: f32):
        %row = arith.index_cast %k : i64 to index
        %column = linalg.index 1 : index
        %v = tensor.extract %cache[%row, %column] : tensor<6x4xf32>
        linalg.yield %v : f32
      } -> tensor<3x4xf32>
      return %r : tensor<3x4xf32>
    })mlir",
                    arguments, results(Shape{3, 4}));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j)
      EXPECT_EQ(result[0].values<float>()[i * 4 + j],
                arguments[0].values<float>()[drawn[i] * 4 + j]);
}

/// Both gradients of sum(conv(pad(x), w) * g), stride 2, as reverse mode writes
/// them: one operation with the window in its output, one with it in the image.
TEST_P(ExecutorTest, GradientsOfStridedConvolution) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({2, 5, 8, 8}, 1));
  arguments.push_back(makeRandom({6, 5, 3, 3}, 2));
  arguments.push_back(makeRandom({2, 6, 4, 4}, 3));
  auto result = run(R"mlir(
    #image = affine_map<(n, f, oh, ow, c, kh, kw) -> (n, c, oh * 2 + kh, ow * 2 + kw)>
    #filter = affine_map<(n, f, oh, ow, c, kh, kw) -> (f, c, kh, kw)>
    #output = affine_map<(n, f, oh, ow, c, kh, kw) -> (n, f, oh, ow)>
    func.func @f(%x: tensor<2x5x8x8xf32>, %w: tensor<6x5x3x3xf32>, %g: tensor<2x6x4x4xf32>)
        -> (tensor<2x5x8x8xf32>, tensor<6x5x3x3xf32>) {
      %zero = arith.constant 0.0 : f32
      %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
      ^bb0(%i: index, %j: index, %k: index, %l: index):
        tensor.yield %zero : f32
      } : tensor<2x5x8x8xf32> to tensor<2x5x10x10xf32>
      %ex = tensor.empty() : tensor<2x5x10x10xf32>
      %ix = linalg.fill ins(%zero : f32) outs(%ex : tensor<2x5x10x10xf32>) -> tensor<2x5x10x10xf32>
      %dp = linalg.generic {indexing_maps = [#filter, #output, #image],
          iterator_types = ["parallel", "reduction", "reduction", "reduction", "parallel", "reduction", "reduction"]}
          ins(%w, %g : tensor<6x5x3x3xf32>, tensor<2x6x4x4xf32>) outs(%ix : tensor<2x5x10x10xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %m = arith.mulf %a, %b : f32
        %s = arith.addf %o, %m : f32
        linalg.yield %s : f32
      } -> tensor<2x5x10x10xf32>
      %dx = tensor.extract_slice %dp[0, 0, 1, 1] [2, 5, 8, 8] [1, 1, 1, 1] : tensor<2x5x10x10xf32> to tensor<2x5x8x8xf32>
      %ew = tensor.empty() : tensor<6x5x3x3xf32>
      %iw = linalg.fill ins(%zero : f32) outs(%ew : tensor<6x5x3x3xf32>) -> tensor<6x5x3x3xf32>
      %dw = linalg.generic {indexing_maps = [#image, #output, #filter],
          iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
          ins(%p, %g : tensor<2x5x10x10xf32>, tensor<2x6x4x4xf32>) outs(%iw : tensor<6x5x3x3xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %m = arith.mulf %a, %b : f32
        %s = arith.addf %o, %m : f32
        linalg.yield %s : f32
      } -> tensor<6x5x3x3xf32>
      return %dx, %dw : tensor<2x5x8x8xf32>, tensor<6x5x3x3xf32>
    })mlir",
                    arguments, results(Shape{2, 5, 8, 8}, Shape{6, 5, 3, 3}));
  ArrayRef<float> x = arguments[0].values<float>(),
                  w = arguments[1].values<float>(),
                  g = arguments[2].values<float>();
  std::vector<float> dx(2 * 5 * 64, 0), dw(6 * 5 * 9, 0);
  for (int n = 0; n < 2; ++n)
    for (int f = 0; f < 6; ++f)
      for (int c = 0; c < 5; ++c)
        for (int oh = 0; oh < 4; ++oh)
          for (int ow = 0; ow < 4; ++ow)
            for (int kh = 0; kh < 3; ++kh)
              for (int kw = 0; kw < 3; ++kw) {
                int ih = oh * 2 + kh - 1, iw = ow * 2 + kw - 1;
                if (ih < 0 || ih >= 8 || iw < 0 || iw >= 8)
                  continue;
                int ix = ((n * 5 + c) * 8 + ih) * 8 + iw,
                    jw = ((f * 5 + c) * 3 + kh) * 3 + kw,
                    kg = ((n * 6 + f) * 4 + oh) * 4 + ow;
                dx[ix] += g[kg] * w[jw];
                dw[jw] += g[kg] * x[ix];
              }
  expectNear(result[0].values<float>(), dx, 1e-5);
  expectNear(result[1].values<float>(), dw, 1e-5);
}

/// x + 2 * transpose(c): the constant part is computed once, when compiling.
TEST_P(ExecutorTest, ConstantPartIsComputedOnce) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({3, 2}, 1));
  auto result = run(R"mlir(
    func.func @f(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
      %c = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
      %two = arith.constant 2.0 : f32
      %e = tensor.empty() : tensor<3x2xf32>
      %t = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%c : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.mulf %a, %two : f32
        linalg.yield %m : f32
      } -> tensor<3x2xf32>
      %r = linalg.add ins(%x, %t : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
      return %r : tensor<3x2xf32>
    })mlir",
                    arguments, results(Shape{3, 2}));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j)
      EXPECT_EQ(result[0].values<float>()[i * 2 + j],
                arguments[0].values<float>()[i * 2 + j] +
                    2.0f * (1 + i + 3 * j));
}

/// The approximations against the C library in double precision.
TEST_P(ExecutorTest, TranscendentalFunctionsAreAccurate) {
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({256}, 1));
  std::vector<float> x;
  for (float &value : arguments[0].values<float>())
    x.push_back(value *= 8);
  auto result =
      run(R"mlir(
    #id = affine_map<(i) -> (i)>
    func.func @f(%x: tensor<256xf32>) -> (tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>) {
      %e = tensor.empty() : tensor<256xf32>
      %exponent = arith.constant 2.4 : f32
      %r:4 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id], iterator_types = ["parallel"]}
          ins(%x : tensor<256xf32>) outs(%e, %e, %e, %e : tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>) {
      ^bb0(%a: f32, %o0: f32, %o1: f32, %o2: f32, %o3: f32):
        %exp = math.exp %a : f32
        %abs = math.absf %a : f32
        %log = math.log %abs : f32
        %pow = math.powf %abs, %exponent : f32
        %tanh = math.tanh %a : f32
        linalg.yield %exp, %log, %pow, %tanh : f32, f32, f32, f32
      } -> (tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>)
      return %r#0, %r#1, %r#2, %r#3 : tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>
    })mlir",
          arguments, results(Shape{256}, Shape{256}, Shape{256}, Shape{256}));
  auto check = [&](int index, double (*exact)(double)) {
    for (int i = 0; i < 256; ++i) {
      double expected = exact(x[i]);
      EXPECT_NEAR(result[index].values<float>()[i], expected,
                  1e-6 * std::fabs(expected) + 1e-7)
          << "function " << index << " of " << x[i];
    }
  };
  check(0, [](double v) { return std::exp(v); });
  check(1, [](double v) { return std::log(std::fabs(v)); });
  check(2, [](double v) { return std::pow(std::fabs(v), 2.4f); });
  check(3, [](double v) { return std::tanh(v); });
}

TEST_P(ExecutorTest, PowerOfZeroAndOfNegativeBases) {
  std::vector<HostTensor> arguments;
  arguments.emplace_back(ArrayRef<int64_t>{6}, ElementType::F32);
  arguments.emplace_back(ArrayRef<int64_t>{6}, ElementType::F32);
  float bases[] = {0, 0, 0, -2, -2, -2}, exponents[] = {20, 0, -1, 3, 2, 0.5};
  std::copy(bases, bases + 6, arguments[0].values<float>().begin());
  std::copy(exponents, exponents + 6, arguments[1].values<float>().begin());
  auto result = run(R"mlir(
    func.func @f(%x: tensor<6xf32>, %y: tensor<6xf32>) -> tensor<6xf32> {
      %e = tensor.empty() : tensor<6xf32>
      %r = linalg.powf ins(%x, %y : tensor<6xf32>, tensor<6xf32>) outs(%e : tensor<6xf32>) -> tensor<6xf32>
      return %r : tensor<6xf32>
    })mlir",
                    arguments, results(Shape{6}));
  auto r = result[0].values<float>();
  EXPECT_EQ(r[0], 0.0f);
  EXPECT_EQ(r[1], 1.0f);
  EXPECT_TRUE(std::isinf(r[2]));
  EXPECT_NEAR(r[3], -8.0f, 1e-5);
  EXPECT_NEAR(r[4], 4.0f, 1e-5);
  EXPECT_TRUE(std::isnan(r[5]));
}

/// The sum is what the rounding of the product loses.
TEST_P(ExecutorTest, ContractionsRoundOnceWhereTheCPUCan) {
  if (isCUDA())
    GTEST_SKIP() << "a device rounds as it likes";
  std::vector<HostTensor> arguments;
  arguments.push_back(makeRandom({8, 1}, 1));
  arguments.push_back(makeRandom({1, 16}, 2));
  arguments.push_back(makeRandom({8, 16}, 3));
  std::vector<float> a(arguments[0].values<float>()),
      b(arguments[1].values<float>()), c;
  for (float &value : arguments[2].values<float>()) {
    value = -(a[c.size() / 16] * b[c.size() % 16]);
    c.push_back(value);
  }
  auto result = run(R"mlir(
    func.func @f(%a: tensor<8x1xf32>, %b: tensor<1x16xf32>, %c: tensor<8x16xf32>) -> tensor<8x16xf32> {
      %r = linalg.matmul ins(%a, %b : tensor<8x1xf32>, tensor<1x16xf32>) outs(%c : tensor<8x16xf32>) -> tensor<8x16xf32>
      return %r : tensor<8x16xf32>
    })mlir",
                    arguments, results(Shape{8, 16}));
  bool fuses = getCPU() != CPUTarget::Generic;
  for (int i = 0; i < 128; ++i)
    EXPECT_EQ(result[0].values<float>()[i],
              fuses ? std::fma(a[i / 16], b[i % 16], c[i]) : 0.0f);
}

INSTANTIATE_TEST_SUITE_P(Targets, ExecutorTest,
                         testing::Values("Generic", "AVX2", "AVX512", "CUDA"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
