// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The derivative of every math operation with a rule, against central
// differences in 64 bits.

#include "DifferenceHarness.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// An operation of the math dialect and the middle of its arguments, which
/// spread over [-1, 1) around it.
struct UnaryOp {
  const char *name;
  double middle = 0;
};

class UnaryMathVJPTest : public DifferenceTest,
                         public testing::WithParamInterface<UnaryOp> {};

TEST_P(UnaryMathVJPTest, MatchesDifferences) {
  std::string body =
      R"(
    %i = tensor.empty() : tensor<7xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
        iterator_types = ["parallel"]} ins(%x : tensor<7xf64>) outs(%i : tensor<7xf64>) {
    ^bb0(%a: f64, %o: f64):
      %v = math.)" +
      std::string(GetParam().name) + R"( %a : f64
      linalg.yield %v : f64
    } -> tensor<7xf64>)";
  check(withSquaredSum("%x: tensor<7xf64>", body, {7}), {0}, GetParam().middle);
}

// The logarithms and roots stay away from their poles, the absolute value from
// its kink.
INSTANTIATE_TEST_SUITE_P(
    Ops, UnaryMathVJPTest,
    testing::Values(UnaryOp{"absf", -2}, UnaryOp{"absf", 2}, UnaryOp{"atan"},
                    UnaryOp{"cbrt", 2}, UnaryOp{"cos"}, UnaryOp{"cosh"},
                    UnaryOp{"erf"}, UnaryOp{"erfc"}, UnaryOp{"exp"},
                    UnaryOp{"exp2"}, UnaryOp{"expm1"}, UnaryOp{"log", 2},
                    UnaryOp{"log10", 2}, UnaryOp{"log1p", 1},
                    UnaryOp{"log2", 2}, UnaryOp{"rsqrt", 2}, UnaryOp{"sin"},
                    UnaryOp{"sinh"}, UnaryOp{"sqrt", 2}, UnaryOp{"tanh"}),
    [](const testing::TestParamInfo<UnaryOp> &info) {
      return std::to_string(info.index) + "_" + info.param.name;
    });

using PowerVJPTest = DifferenceTest;

TEST_F(PowerVJPTest, PowFOfBaseAndExponent) {
  check(withSquaredSum("%x: tensor<5xf64>, %p: tensor<5xf64>", R"(
    %i = tensor.empty() : tensor<5xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>,
        affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%x, %p : tensor<5xf64>, tensor<5xf64>) outs(%i : tensor<5xf64>) {
    ^bb0(%a: f64, %b: f64, %o: f64):
      %v = math.powf %a, %b : f64
      linalg.yield %v : f64
    } -> tensor<5xf64>)",
                       {5}),
        {0, 1}, /*offset=*/2.0);
}

TEST_F(PowerVJPTest, FPowIOfNegativeBase) {
  check(withSquaredSum("%x: tensor<5xf64>", R"(
    %three = arith.constant 3 : i32
    %i = tensor.empty() : tensor<5xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
        iterator_types = ["parallel"]} ins(%x : tensor<5xf64>) outs(%i : tensor<5xf64>) {
    ^bb0(%a: f64, %o: f64):
      %v = math.fpowi %a, %three : f64, i32
      linalg.yield %v : f64
    } -> tensor<5xf64>)",
                       {5}),
        {0}, /*offset=*/-2.0);
}

TEST_F(PowerVJPTest, FPowIOfComputedExponents) {
  check(withSquaredSum("%x: tensor<5xf64>", R"(
    %i = tensor.empty() : tensor<5xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
        iterator_types = ["parallel"]} ins(%x : tensor<5xf64>) outs(%i : tensor<5xf64>) {
    ^bb0(%a: f64, %o: f64):
      %index = linalg.index 0 : index
      %p = arith.index_cast %index : index to i32
      %v = math.fpowi %a, %p : f64, i32
      linalg.yield %v : f64
    } -> tensor<5xf64>)",
                       {5}),
        {0}, /*offset=*/2.0);
}

} // namespace
