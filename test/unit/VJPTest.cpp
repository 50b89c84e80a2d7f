// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives against central differences in 64 bits: each function is
// differentiated, compiled and run.

#include "DifferenceHarness.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

using VJPTest = DifferenceTest;

TEST_F(VJPTest, ConvolutionStrideOne) {
  check(withSquaredSum("%x: tensor<2x3x6x6xf64>, %w: tensor<4x3x3x3xf64>", R"(
    %i = tensor.empty() : tensor<2x4x4x4xf64>
    %n = linalg.fill ins(%zero : f64) outs(%i : tensor<2x4x4x4xf64>) -> tensor<2x4x4x4xf64>
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x6x6xf64>, tensor<4x3x3x3xf64>)
      outs(%n : tensor<2x4x4x4xf64>) -> tensor<2x4x4x4xf64>)",
                       {2, 4, 4, 4}),
        {0, 1});
}

// The last row and column of the padded input are never read.
TEST_F(VJPTest, ConvolutionStrideTwoWithPaddingAndBias) {
  check(
      withSquaredSum(
          "%x: tensor<1x2x5x5xf64>, %w: tensor<3x2x2x2xf64>, %b: tensor<3xf64>",
          R"(
    %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
      tensor.yield %zero : f64
    } : tensor<1x2x5x5xf64> to tensor<1x2x7x7xf64>
    %i = tensor.empty() : tensor<1x3x3x3xf64>
    %n = linalg.broadcast ins(%b : tensor<3xf64>) outs(%i : tensor<1x3x3x3xf64>) dimensions = [0, 2, 3]
    %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>}
      ins(%p, %w : tensor<1x2x7x7xf64>, tensor<3x2x2x2xf64>)
      outs(%n : tensor<1x3x3x3xf64>) -> tensor<1x3x3x3xf64>)",
          {1, 3, 3, 3}),
      {0, 1, 2});
}

TEST_F(VJPTest, DepthwiseConvolution) {
  check(withSquaredSum("%x: tensor<2x4x5x5xf64>, %w: tensor<4x3x3xf64>", R"(
    %i = tensor.empty() : tensor<2x4x3x3xf64>
    %n = linalg.fill ins(%zero : f64) outs(%i : tensor<2x4x3x3xf64>) -> tensor<2x4x3x3xf64>
    %y = linalg.depthwise_conv_2d_nchw_chw ins(%x, %w : tensor<2x4x5x5xf64>, tensor<4x3x3xf64>)
      outs(%n : tensor<2x4x3x3xf64>) -> tensor<2x4x3x3xf64>)",
                       {2, 4, 3, 3}),
        {0, 1});
}

TEST_F(VJPTest, GroupedConvolution) {
  check(withSquaredSum("%x: tensor<1x2x3x4x4xf64>, %w: tensor<2x2x3x3x3xf64>",
                       R"(
    %i = tensor.empty() : tensor<1x2x2x2x2xf64>
    %n = linalg.fill ins(%zero : f64) outs(%i : tensor<1x2x2x2x2xf64>) -> tensor<1x2x2x2x2xf64>
    %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x2x3x4x4xf64>, tensor<2x2x3x3x3xf64>)
      outs(%n : tensor<1x2x2x2x2xf64>) -> tensor<1x2x2x2x2xf64>)",
                       {1, 2, 2, 2, 2}),
        {0, 1});
}

TEST_F(VJPTest, MatmulOfSlicesAndConcat) {
  check(withSquaredSum("%x: tensor<4x6xf64>, %w: tensor<3x5xf64>", R"(
    %s = tensor.extract_slice %x[1, 0] [2, 3] [1, 2] : tensor<4x6xf64> to tensor<2x3xf64>
    %c = tensor.concat dim(0) %s, %s : (tensor<2x3xf64>, tensor<2x3xf64>) -> tensor<4x3xf64>
    %i = tensor.empty() : tensor<4x5xf64>
    %n = linalg.fill ins(%zero : f64) outs(%i : tensor<4x5xf64>) -> tensor<4x5xf64>
    %y = linalg.matmul ins(%c, %w : tensor<4x3xf64>, tensor<3x5xf64>)
      outs(%n : tensor<4x5xf64>) -> tensor<4x5xf64>)",
                       {4, 5}),
        {0, 1});
}

TEST_F(VJPTest, MaxPooling) {
  check(withSquaredSum("%x: tensor<1x2x4x4xf64>", R"(
    %low = arith.constant 0xFFF0000000000000 : f64
    %k = tensor.empty() : tensor<2x2xf64>
    %i = tensor.empty() : tensor<1x2x2x2xf64>
    %n = linalg.fill ins(%low : f64) outs(%i : tensor<1x2x2x2xf64>) -> tensor<1x2x2x2xf64>
    %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>}
      ins(%x, %k : tensor<1x2x4x4xf64>, tensor<2x2xf64>)
      outs(%n : tensor<1x2x2x2xf64>) -> tensor<1x2x2x2xf64>)",
                       {1, 2, 2, 2}),
        {0});
}

TEST_F(VJPTest, SumPooling) {
  check(withSquaredSum("%x: tensor<1x2x4x4xf64>", R"(
    %k = tensor.empty() : tensor<3x3xf64>
    %i = tensor.empty() : tensor<1x2x2x2xf64>
    %n = linalg.fill ins(%zero : f64) outs(%i : tensor<1x2x2x2xf64>) -> tensor<1x2x2x2xf64>
    %y = linalg.pooling_nchw_sum ins(%x, %k : tensor<1x2x4x4xf64>, tensor<3x3xf64>)
      outs(%n : tensor<1x2x2x2xf64>) -> tensor<1x2x2x2xf64>)",
                       {1, 2, 2, 2}),
        {0});
}

TEST_F(VJPTest, BatchNorm) {
  check(withSquaredSum(
            "%x: tensor<3x2x2xf64>, %m: tensor<2xf64>, %v: tensor<2xf64>, "
            "%g: tensor<2xf64>, %b: tensor<2xf64>",
            R"(
    %y = pdq.batch_norm %x, %m, %v, %g, %b {axis = 1 : i64, epsilon = 1.0e-05 : f64}
       : tensor<3x2x2xf64>, tensor<2xf64>)",
            {3, 2, 2}),
        {0, 1, 2, 3, 4}, /*offset=*/2.0);
}

// round_2: the derivative of the soft weight.
TEST_F(VJPTest, AdaRound) {
  check(withSquaredSum("%w: tensor<3x4xf64>, %a: tensor<3x4xf64>", R"(
    %s = arith.constant dense<[0.3, 0.4, 0.5]> : tensor<3xf64>
    %p = arith.constant dense<[1, 2, 1]> : tensor<3xi32>
    %y = pdq.adaround %w, %a, %s, %p to <bits = 3, axis = 0>
       : tensor<3x4xf64>, tensor<3xf64>, tensor<3xi32>)",
                       {3, 4}),
        {1});
}

// round_5.
TEST_F(VJPTest, RoundingRegularizer) {
  check(R"(
func.func @f(%a: tensor<4x5xf64>) -> tensor<f64> {
  %b = arith.constant dense<7.3> : tensor<f64>
  %l = pdq.rounding_regularizer %a, %b : tensor<4x5xf64>, tensor<f64>
  return %l : tensor<f64>
})",
        {0});
}

// loss_rec.
TEST_F(VJPTest, ReconstructionLoss) {
  check(R"(
func.func @f(%y: tensor<2x3x2x2xf64>, %t: tensor<2x3x2x2xf64>) -> tensor<f64> {
  %l = pdq.reconstruction_loss %y, %t {axis = 1 : i64} : tensor<2x3x2x2xf64> -> tensor<f64>
  return %l : tensor<f64>
})",
        {0});
}

// loss_pd.
TEST_F(VJPTest, PredictionDifference) {
  check(R"(
func.func @f(%q: tensor<3x5xf64>, %p: tensor<3x5xf64>) -> tensor<f64> {
  %l = pdq.prediction_difference %q, %p {temperature = 4.0 : f64, lambda = 0.1 : f64}
     : tensor<3x5xf64> -> tensor<f64>
  return %l : tensor<f64>
})",
        {0});
}

// dc_1.
TEST_F(VJPTest, BatchNormLoss) {
  check(R"(
func.func @f(%u: tensor<2x3x2x3xf64>) -> tensor<f64> {
  %m = arith.constant dense<[0.1, -0.2, 0.3]> : tensor<3xf64>
  %v = arith.constant dense<[1.0, 0.5, 2.0]> : tensor<3xf64>
  %l = pdq.batch_norm_loss %u, %m, %v {axis = 1 : i64}
     : tensor<2x3x2x3xf64>, tensor<3xf64> -> tensor<f64>
  return %l : tensor<f64>
})",
        {0});
}

// quantize_3 by hand: scale 0.5, zero point 1, integers 0 to 3. The first and
// the last element are clamped: there dx is 0 and ds is q - z; inside ds is
// (q - z) - x / s.
TEST_F(VJPTest, StraightThroughEstimator) {
  compile(R"(
func.func @f(%x: tensor<4xf64>, %s: tensor<f64>) -> tensor<f64> {
  %z = arith.constant dense<1> : tensor<i32>
  %zero = arith.constant 0.0 : f64
  %q = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 2>
     : tensor<4xf64>, tensor<f64>, tensor<i32>
  %e = tensor.empty() : tensor<f64>
  %i = linalg.fill ins(%zero : f64) outs(%e : tensor<f64>) -> tensor<f64>
  %l = linalg.reduce ins(%q : tensor<4xf64>) outs(%i : tensor<f64>) dimensions = [0]
    (%a: f64, %o: f64) {
      %t = arith.addf %a, %o : f64
      linalg.yield %t : f64
    }
  return %l : tensor<f64>
})",
          {0, 1});
  if (HasFatalFailure())
    return;
  auto makeBuffer = [&](ArrayRef<int64_t> shape, ArrayRef<double> values) {
    HostTensor tensor(shape, ElementType::F64);
    llvm::copy(values, tensor.values<double>().begin());
    return upload(tensor);
  };
  SmallVector<BufferRef> results{executor->allocate({}, ElementType::F64),
                                 executor->allocate({4}, ElementType::F64),
                                 executor->allocate({}, ElementType::F64)};
  executable->call(
      "gradient",
      {makeBuffer({4}, {-1.0, 0.1, 0.6, 9.0}), makeBuffer({}, {0.5})}, results);
  // Values: -0.5, 0, 0.5, 1.
  EXPECT_DOUBLE_EQ(results[0]->read().values<double>()[0], 1.0);
  double expected[] = {0, 1, 1, 0};
  HostTensor dx = results[1]->read();
  for (int i = 0; i < 4; ++i)
    EXPECT_DOUBLE_EQ(dx.values<double>()[i], expected[i]) << i;
  // -1 + (0 - 0.2) + (1 - 1.2) + 2.
  EXPECT_NEAR(results[2]->read().values<double>()[0], 0.6, 1e-12);
}

//===----------------------------------------------------------------------===//
// Initial values
//===----------------------------------------------------------------------===//

/// A generic operation on %x and the initial value %o, both of 2 x 3 elements.
std::string withInitialValue(StringRef payload) {
  return withSquaredSum("%x: tensor<2x3xf64>, %o: tensor<2x3xf64>", R"(
    %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x3xf64>) outs(%o : tensor<2x3xf64>) {
    ^bb0(%a: f64, %b: f64):
)" + payload.str() + R"(
      linalg.yield %r : f64
    } -> tensor<2x3xf64>)",
                        {2, 3});
}

TEST_F(VJPTest, MaximumWithInitialValueWithoutReduction) {
  check(withInitialValue("%r = arith.maximumf %a, %b : f64"), {0, 1});
}

TEST_F(VJPTest, MinimumWithInitialValueWithoutReduction) {
  check(withInitialValue("%r = arith.minimumf %b, %a : f64"), {0, 1});
}

TEST_F(VJPTest, ProductWithInitialValueWithoutReduction) {
  check(withInitialValue("%r = arith.mulf %a, %b : f64"), {0, 1});
}

TEST_F(VJPTest, SeveralExtremaWithInitialValueWithoutReduction) {
  check(withInitialValue(R"(
      %n = arith.negf %b : f64
      %s = arith.mulf %a, %b : f64
      %m = arith.maximumf %s, %n : f64
      %r = arith.minimumf %m, %a : f64)"),
        {0, 1});
}

// The second result reads the initial value of the first one.
TEST_F(VJPTest, TwoResultsThatShareInitialValues) {
  check(R"(
func.func @f(%x: tensor<4xf64>, %o: tensor<4xf64>, %p: tensor<4xf64>) -> tensor<f64> {
  %zero = arith.constant 0.0 : f64
  %y:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<4xf64>) outs(%o, %p : tensor<4xf64>, tensor<4xf64>) {
  ^bb0(%a: f64, %b: f64, %c: f64):
    %m = arith.maximumf %a, %b : f64
    %q = arith.mulf %b, %c : f64
    %s = arith.subf %q, %m : f64
    linalg.yield %m, %s : f64, f64
  } -> (tensor<4xf64>, tensor<4xf64>)
  %e = tensor.empty() : tensor<f64>
  %z = linalg.fill ins(%zero : f64) outs(%e : tensor<f64>) -> tensor<f64>
  %l = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%y#0, %y#1 : tensor<4xf64>, tensor<4xf64>) outs(%z : tensor<f64>) {
  ^bb0(%a: f64, %b: f64, %sum: f64):
    %t = arith.mulf %a, %b : f64
    %next = arith.addf %t, %sum : f64
    linalg.yield %next : f64
  } -> tensor<f64>
  return %l : tensor<f64>
})",
        {0, 1, 2});
}

/// A reduction of the second dimension of %x, 3 x 4 elements, which starts from
/// %o.
std::string withReduction(StringRef payload) {
  return withSquaredSum("%x: tensor<3x4xf64>, %o: tensor<3xf64>", R"(
    %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
        iterator_types = ["parallel", "reduction"]} ins(%x : tensor<3x4xf64>) outs(%o : tensor<3xf64>) {
    ^bb0(%a: f64, %b: f64):
)" + payload.str() + R"(
      linalg.yield %r : f64
    } -> tensor<3xf64>)",
                        {3});
}

// Some rows are won by the initial value.
TEST_F(VJPTest, MaximumOverLoopThatStartsFromData) {
  check(withReduction("%r = arith.maximumf %a, %b : f64"), {0, 1});
}

TEST_F(VJPTest, MinimumOverLoopWrittenAsSelect) {
  check(withReduction(R"(
      %c = arith.cmpf ult, %a, %b : f64
      %r = arith.select %c, %a, %b : f64)"),
        {0, 1});
}

TEST_F(VJPTest, MaximumWrittenAsSwappedSelect) {
  check(withReduction(R"(
      %c = arith.cmpf olt, %a, %b : f64
      %r = arith.select %c, %b, %a : f64)"),
        {0, 1});
}

TEST_F(VJPTest, MaximumOfComputedValue) {
  check(withReduction(R"(
      %s = arith.mulf %a, %a : f64
      %n = math.sin %s : f64
      %r = arith.maximumf %b, %n : f64)"),
        {0, 1});
}

TEST_F(VJPTest, ProductOverLoopThatStartsFromData) {
  check(withReduction("%r = arith.mulf %a, %b : f64"), {0, 1});
}

// One factor of each product is 0, of which alone the others leave something.
TEST_F(VJPTest, ProductOfComputedValueWithZeros) {
  check(withReduction(R"(
      %first = arith.constant 1 : index
      %j = linalg.index 1 : index
      %isFirst = arith.cmpi eq, %j, %first : index
      %zero_ = arith.constant 0.0 : f64
      %one = arith.constant 1.0 : f64
      %s = math.sin %a : f64
      %t = arith.addf %s, %one : f64
      %n = arith.select %isFirst, %zero_, %t : f64
      %q = arith.addf %n, %zero_ : f64
      %r = arith.mulf %b, %q : f64)"),
        {0, 1});
}

TEST_F(VJPTest, ProductOverTwoLoops) {
  check(withSquaredSum("%x: tensor<2x3x4xf64>", R"(
    %start = arith.constant dense<1.5> : tensor<3xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (j)>],
        iterator_types = ["reduction", "parallel", "reduction"]} ins(%x : tensor<2x3x4xf64>) outs(%start : tensor<3xf64>) {
    ^bb0(%a: f64, %b: f64):
      %r = arith.mulf %a, %b : f64
      linalg.yield %r : f64
    } -> tensor<3xf64>)",
                       {3}),
        {0});
}

TEST_F(VJPTest, DifferenceAndChoiceInSum) {
  check(withReduction(R"(
      %zero_ = arith.constant 0.0 : f64
      %s = arith.mulf %a, %a : f64
      %d = arith.subf %b, %s : f64
      %p = arith.cmpf ogt, %a, %zero_ : f64
      %c = arith.select %p, %d, %b : f64
      %r = math.fma %s, %a, %c : f64)"),
        {0, 1});
}

// The largest element and its place, as front ends write it.
TEST_F(VJPTest, MaximumWithItsPlace) {
  check(withSquaredSum("%x: tensor<3x4xf64>", R"(
    %low = arith.constant 0xFFF0000000000000 : f64
    %none = arith.constant 0 : i64
    %e0 = tensor.empty() : tensor<3xf64>
    %e1 = tensor.empty() : tensor<3xi64>
    %f0 = linalg.fill ins(%low : f64) outs(%e0 : tensor<3xf64>) -> tensor<3xf64>
    %f1 = linalg.fill ins(%none : i64) outs(%e1 : tensor<3xi64>) -> tensor<3xi64>
    %y, %place = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>,
        affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<3x4xf64>) outs(%f0, %f1 : tensor<3xf64>, tensor<3xi64>) {
    ^bb0(%a: f64, %b: f64, %p: i64):
      %j = linalg.index 1 : index
      %k = arith.index_cast %j : index to i64
      %c = arith.cmpf ogt, %a, %b : f64
      %m = arith.select %c, %a, %b : f64
      %q = arith.select %c, %k, %p : i64
      linalg.yield %m, %q : f64, i64
    } -> (tensor<3xf64>, tensor<3xi64>))",
                       {3}),
        {0});
}

TEST_F(VJPTest, MaxPoolingOfVolumes) {
  check(withSquaredSum("%x: tensor<1x5x4x4x2xf64>", R"(
    %low = arith.constant 0xFFF0000000000000 : f64
    %k = tensor.empty() : tensor<2x3x2xf64>
    %i = tensor.empty() : tensor<1x2x2x2x2xf64>
    %n = linalg.fill ins(%low : f64) outs(%i : tensor<1x2x2x2x2xf64>) -> tensor<1x2x2x2x2xf64>
    %y = linalg.pooling_ndhwc_max {strides = dense<[2, 1, 2]> : vector<3xi64>}
      ins(%x, %k : tensor<1x5x4x4x2xf64>, tensor<2x3x2xf64>)
      outs(%n : tensor<1x2x2x2x2xf64>) -> tensor<1x2x2x2x2xf64>)",
                       {1, 2, 2, 2, 2}),
        {0});
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

TEST_F(VJPTest, PadThatTakesAway) {
  check(withSquaredSum("%x: tensor<3x5xf64>", R"(
    %seven = arith.constant 7.0 : f64
    %y = tensor.pad %x low[1, -2] high[-1, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %seven : f64
    } : tensor<3x5xf64> to tensor<3x4xf64>)",
                       {3, 4}),
        {0});
}

} // namespace
