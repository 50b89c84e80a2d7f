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
/// spread over [-1, 1) around it, times `spread`.
struct UnaryOp {
  const char *name;
  double middle = 0, spread = 1;
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
      %spread = arith.constant )" +
      std::to_string(GetParam().spread) + R"( : f64
      %near = arith.mulf %a, %spread : f64
      %v = math.)" +
      std::string(GetParam().name) + R"( %near : f64
      linalg.yield %v : f64
    } -> tensor<7xf64>)";
  check(withSquaredSum("%x: tensor<7xf64>", body, {7}), {0}, GetParam().middle);
}

// The logarithms, the roots and acosh stay away from their poles, the absolute
// value from its kink.
INSTANTIATE_TEST_SUITE_P(
    Ops, UnaryMathVJPTest,
    testing::Values(
        UnaryOp{"absf", -2}, UnaryOp{"absf", 2}, UnaryOp{"acos", 0, 0.9},
        UnaryOp{"acosh", 3}, UnaryOp{"asin", 0, 0.9}, UnaryOp{"asinh", 0, 3},
        UnaryOp{"atan"}, UnaryOp{"atanh", 0, 0.9}, UnaryOp{"cbrt", 2},
        UnaryOp{"cos"}, UnaryOp{"cosh"}, UnaryOp{"erf"}, UnaryOp{"erfc"},
        UnaryOp{"exp"}, UnaryOp{"exp2"}, UnaryOp{"expm1"}, UnaryOp{"log", 2},
        UnaryOp{"log10", 2}, UnaryOp{"log1p", 1}, UnaryOp{"log2", 2},
        UnaryOp{"rsqrt", 2}, UnaryOp{"sin"}, UnaryOp{"sinh"},
        UnaryOp{"sqrt", 2}, UnaryOp{"tan"}, UnaryOp{"tanh"}),
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

//===----------------------------------------------------------------------===//
// Several operands
//===----------------------------------------------------------------------===//

/// An elementwise operation on %x, %p and %q, 7 elements each, whose payload
/// gives %v for %a, %b and %c.
std::string applyToThree(StringRef payload) {
  return withSquaredSum(
      "%x: tensor<7xf64>, %p: tensor<7xf64>, %q: tensor<7xf64>",
      R"(
    %i = tensor.empty() : tensor<7xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>,
        affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%x, %p, %q : tensor<7xf64>, tensor<7xf64>, tensor<7xf64>) outs(%i : tensor<7xf64>) {
    ^bb0(%a: f64, %b: f64, %c: f64, %o: f64):
)" + payload.str() +
          R"(
      linalg.yield %v : f64
    } -> tensor<7xf64>)",
      {7});
}

using OperandsVJPTest = DifferenceTest;

TEST_F(OperandsVJPTest, Atan2) {
  check(applyToThree("%v = math.atan2 %a, %b : f64"), {0, 1});
}

TEST_F(OperandsVJPTest, CopySign) {
  check(applyToThree("%v = math.copysign %a, %b : f64"), {0, 1});
}

TEST_F(OperandsVJPTest, FusedMultiplyAdd) {
  check(applyToThree("%v = math.fma %a, %b, %c : f64"), {0, 1, 2});
}

TEST_F(OperandsVJPTest, Remainder) {
  check(applyToThree(R"(
      %ten = arith.constant 10.0 : f64
      %large = arith.mulf %a, %ten : f64
      %v = arith.remf %large, %b : f64)"),
        {0, 1});
}

//===----------------------------------------------------------------------===//
// Edges, where differences say nothing
//===----------------------------------------------------------------------===//

class EdgeTest : public DifferenceTest {
protected:
  /// The derivative of the sum of payloads at three points.
  void expectDerivatives(StringRef payload, ArrayRef<double> points,
                         ArrayRef<double> expected) {
    compile(R"(
func.func @f(%x: tensor<3xf64>) -> tensor<f64> {
  %zero = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<f64>
  %z = linalg.fill ins(%zero : f64) outs(%e : tensor<f64>) -> tensor<f64>
  %one = arith.constant dense<1.0> : tensor<f64>
  %l = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%x, %one : tensor<3xf64>, tensor<f64>) outs(%z : tensor<f64>) {
  ^bb0(%a: f64, %bound: f64, %s: f64):
)" + payload.str() +
                R"(
    %n = arith.addf %s, %v : f64
    linalg.yield %n : f64
  } -> tensor<f64>
  return %l : tensor<f64>
})",
            {0});
    if (HasFatalFailure())
      return;
    HostTensor x({3}, ElementType::F64);
    llvm::copy(points, x.values<double>().begin());
    SmallVector<BufferRef> results{executor->allocate({}, ElementType::F64),
                                   executor->allocate({3}, ElementType::F64)};
    executable->call("gradient", {upload(x)}, results);
    HostTensor gradient = results[1]->read();
    for (auto [got, want] :
         llvm::zip_equal(gradient.values<double>(), expected))
      EXPECT_DOUBLE_EQ(got, want);
  }
};

// relu6 as a front end writes it: the bound is a tensor and comes first.
TEST_F(EdgeTest, MinimumWithBoundIsFlatAtTheBound) {
  expectDerivatives(R"(
    %c = arith.cmpf olt, %bound, %a : f64
    %v = arith.select %c, %bound, %a : f64)",
                    {0.5, 1, 2}, {1, 0, 0});
}

TEST_F(EdgeTest, ClampHasItsSlopeAtTheBound) {
  expectDerivatives(R"(
    %c = arith.cmpf ult, %a, %bound : f64
    %v = arith.select %c, %bound, %a : f64)",
                    {0.5, 1, 2}, {0, 1, 1});
}

TEST_F(EdgeTest, EqualValuesShare) {
  expectDerivatives(R"(
    %b = arith.negf %a : f64
    %c = arith.cmpf ogt, %a, %b : f64
    %v = arith.select %c, %a, %b : f64)",
                    {-2, 0, 2}, {-1, 0, 1});
}

TEST_F(EdgeTest, RootIsFlatAtZero) {
  expectDerivatives("%v = math.sqrt %a : f64", {0, 1, 4}, {0, 0.5, 0.25});
}

// The norm of zeros.
TEST_F(EdgeTest, RootOfSquareIsFlatAtZero) {
  expectDerivatives(R"(
    %t = arith.mulf %a, %a : f64
    %v = math.sqrt %t : f64)",
                    {0, 1, -4}, {0, 1, -1});
}

TEST_F(EdgeTest, PowersAtZero) {
  expectDerivatives(R"(
    %p = arith.constant 2.0 : f64
    %v = math.powf %a, %p : f64)",
                    {0, 1, 3}, {0, 2, 6});
  expectDerivatives(R"(
    %p = arith.constant 0.0 : f64
    %v = math.powf %a, %p : f64)",
                    {0, 1, 3}, {0, 0, 0});
  expectDerivatives(R"(
    %p = arith.constant 0 : i32
    %v = math.fpowi %a, %p : f64, i32)",
                    {0, 1, 3}, {0, 0, 0});
}

// 0^p is 0 for p > 0 and 1 for 0: flat on this side.
TEST_F(EdgeTest, ExponentOfZero) {
  expectDerivatives(R"(
    %b = arith.constant 0.0 : f64
    %v = math.powf %b, %a : f64)",
                    {0, 1, 3}, {0, 0, 0});
}

TEST_F(EdgeTest, AbsoluteValueIsFlatAtZero) {
  expectDerivatives("%v = math.absf %a : f64", {0, -1, 3}, {0, -1, 1});
}

// What is not chosen contributes nothing, even where it is not a number.
TEST_F(EdgeTest, BranchThatIsNotTakenIsNoNumber) {
  expectDerivatives(R"(
    %none = arith.constant 0x7FF8000000000000 : f64
    %c = arith.cmpf ogt, %a, %bound : f64
    %t = arith.mulf %a, %a : f64
    %w = arith.select %c, %t, %none : f64
    %v = arith.select %c, %w, %a : f64)",
                    {0, 2, 3}, {1, 4, 6});
}

} // namespace
