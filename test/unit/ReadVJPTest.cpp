// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of reads at computed positions against central differences in 64
// bits: with respect to what is read, and to the data in weights.

#include "DifferenceHarness.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

using ReadVJPTest = DifferenceTest;

/// `%y = payload` over loops of a shape; the payload yields %r.
std::string buildRead(StringRef arguments, StringRef constants,
                      StringRef inputs, StringRef inputTypes, StringRef maps,
                      StringRef scalars, StringRef payload,
                      ArrayRef<int64_t> shape) {
  std::string dims, loops, iterators;
  for (size_t i = 0; i < shape.size(); ++i) {
    dims += (i ? ", d" : "d") + std::to_string(i);
    iterators += i ? ", \"parallel\"" : "\"parallel\"";
  }
  std::string type = getTypeText(shape);
  std::string ins =
      inputs.empty() ? "" : (" ins(" + inputs + " : " + inputTypes + ")").str();
  return withSquaredSum(
      arguments,
      (constants + "  %empty = tensor.empty() : " + type +
       "\n  %y = linalg.generic {indexing_maps = [" + maps +
       (maps.empty() ? "" : ", ") + "affine_map<(" + dims + ") -> (" + dims +
       ")>], iterator_types = [" + iterators + "]}" + ins + " outs(%empty : " +
       type + ") {\n  ^bb0(" + scalars + (scalars.empty() ? "" : ", ") +
       "%out: f64):\n" + payload + "    linalg.yield %r : f64\n  } -> " + type)
          .str(),
      shape);
}

/// A payload's indices of the loops.
constexpr const char *threeLoops = R"(
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %i2 = linalg.index 2 : index
)";

/// Dimension 1 of %x, 2 x 5 x 3 elements, at four constant positions.
std::string selectConstant(StringRef positions) {
  return buildRead(
      "%x: tensor<2x5x3xf64>",
      ("  %p = arith.constant dense<" + positions + "> : tensor<4xi64>\n")
          .str(),
      "%p", "tensor<4xi64>", "affine_map<(d0, d1, d2) -> (d1)>", "%k: i64",
      std::string(threeLoops) + R"(
    %q = arith.index_cast %k : i64 to index
    %r = tensor.extract %x[%i0, %q, %i2] : tensor<2x5x3xf64>
)",
      {2, 4, 3});
}

TEST_F(ReadVJPTest, ConstantPositionsSomeRepeated) {
  check(selectConstant("[3, 0, 3, 4]"), {0});
}

TEST_F(ReadVJPTest, ConstantPositionsEachOnce) {
  check(selectConstant("[3, 0, 1, 4]"), {0});
}

TEST_F(ReadVJPTest, OnePositionOnly) {
  check(selectConstant("[2, 2, 2, 2]"), {0});
}

// Every element is read once: no element has to be looked for twice.
TEST_F(ReadVJPTest, PermutationOfTwoDimensions) {
  check(
      buildRead(
          "%x: tensor<2x3x4xf64>", R"(
  %p = arith.constant dense<[2, 0, 1]> : tensor<3xi32>
  %s = arith.constant dense<[3, 1, 0, 2]> : tensor<4xi64>
)",
          "%p, %s", "tensor<3xi32>, tensor<4xi64>",
          "affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d1)>",
          "%a: i32, %b: i64", std::string(threeLoops) + R"(
    %q = arith.index_cast %a : i32 to index
    %t = arith.index_cast %b : i64 to index
    %r = tensor.extract %x[%i0, %q, %t] : tensor<2x3x4xf64>
)",
          {2, 4, 3}),
      {0});
}

// Another roll in each row: positions depend on two loops, one of which is a
// dimension of the source.
TEST_F(ReadVJPTest, RollThatDependsOnTheRow) {
  check(buildRead("%x: tensor<3x5xf64>", "", "", "", "", "", R"(
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %five = arith.constant 5 : index
    %sum = arith.addi %i0, %i1 : index
    %q = arith.remui %sum, %five : index
    %r = tensor.extract %x[%i0, %q] : tensor<3x5xf64>
)",
                  {3, 5}),
        {0});
}

// The diagonal: one loop chooses both positions.
TEST_F(ReadVJPTest, DiagonalBesideTranspose) {
  check(buildRead("%x: tensor<4x4xf64>", "", "", "", "", "", R"(
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %d = tensor.extract %x[%i0, %i0] : tensor<4x4xf64>
    %t = tensor.extract %x[%i1, %i0] : tensor<4x4xf64>
    %r = arith.mulf %d, %t : f64
)",
                  {4, 4}),
        {0});
}

// A loop that no position depends on.
TEST_F(ReadVJPTest, BroadcastRead) {
  check(buildRead("%x: tensor<5xf64>, %s: tensor<f64>", "", "", "", "", "", R"(
    %i1 = linalg.index 1 : index
    %a = tensor.extract %x[%i1] : tensor<5xf64>
    %b = tensor.extract %s[] : tensor<f64>
    %r = arith.mulf %a, %b : f64
)",
                  {3, 4}),
        {0, 1});
}

// Fewer positions than the source has elements, and all loops walk over it.
TEST_F(ReadVJPTest, PartOfTheSource) {
  check(buildRead("%x: tensor<4x6xf64>", "", "", "", "", "", R"(
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %r = tensor.extract %x[%i1, %i0] : tensor<4x6xf64>
)",
                  {6, 3}),
        {0});
}

// An interpolation along the last dimension with constant weights.
TEST_F(ReadVJPTest, LinearInterpolation) {
  check(buildRead("%x: tensor<2x4xf64>", "", "", "", "", "", R"(
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %one = arith.constant 1 : index
    %three = arith.constant 3 : index
    %seven = arith.constant 7 : index
    %scaled = arith.muli %i1, %three : index
    %low = arith.divui %scaled, %seven : index
    %next = arith.addi %low, %one : index
    %high = arith.minui %next, %three : index
    %rest = arith.remui %scaled, %seven : index
    %n = arith.index_cast %rest : index to i64
    %f = arith.sitofp %n : i64 to f64
    %all = arith.constant 7.0 : f64
    %weight = arith.divf %f, %all : f64
    %a = tensor.extract %x[%i0, %low] : tensor<2x4xf64>
    %b = tensor.extract %x[%i0, %high] : tensor<2x4xf64>
    %d = arith.subf %b, %a : f64
    %m = arith.mulf %d, %weight : f64
    %r = arith.addf %a, %m : f64
)",
                  {2, 8}),
        {0});
}

/// Positions in [0, 5) from the data %g.
constexpr const char *positionFromData = R"(
    %scale = arith.constant 2.4 : f64
    %middle = arith.constant 2.45 : f64
    %moved = arith.mulf %g_, %scale : f64
    %place = arith.addf %moved, %middle : f64
    %floor = math.floor %place : f64
    %k = arith.fptosi %floor : f64 to i64
    %q = arith.index_cast %k : i64 to index
)";

// Rows of a table: each element looks for all positions that chose it.
TEST_F(ReadVJPTest, EmbeddingByData) {
  check(buildRead("%x: tensor<5x3xf64>, %g: tensor<2x4xf64>", "", "%g",
                  "tensor<2x4xf64>", "affine_map<(d0, d1, d2) -> (d0, d1)>",
                  "%g_: f64", std::string(threeLoops) + positionFromData + R"(
    %r = tensor.extract %x[%q, %i2] : tensor<5x3xf64>
)",
                  {2, 4, 3}),
        {0});
}

// What is between two positions weighs what is read: both have a derivative.
TEST_F(ReadVJPTest, InterpolationByData) {
  check(buildRead("%x: tensor<2x6xf64>, %g: tensor<2x4xf64>", "", "%g",
                  "tensor<2x4xf64>", "affine_map<(d0, d1) -> (d0, d1)>",
                  "%g_: f64",
                  std::string(R"(
    %i0 = linalg.index 0 : index
    %one = arith.constant 1 : index
)") + positionFromData +
                      R"(
    %next = arith.addi %q, %one : index
    %weight = arith.subf %place, %floor : f64
    %a = tensor.extract %x[%i0, %q] : tensor<2x6xf64>
    %b = tensor.extract %x[%i0, %next] : tensor<2x6xf64>
    %d = arith.subf %b, %a : f64
    %m = arith.mulf %d, %weight : f64
    %s = arith.addf %a, %m : f64
    %r = arith.mulf %s, %s : f64
)",
                  {2, 4}),
        {0, 1});
}

// Both positions from data, as grid_sample chooses them.
TEST_F(ReadVJPTest, TwoPositionsByData) {
  check(buildRead(
            "%x: tensor<2x5x5xf64>, %g: tensor<2x3xf64>, %h: tensor<2x3xf64>",
            "", "%g, %h", "tensor<2x3xf64>, tensor<2x3xf64>",
            "affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> "
            "(d0, d2)>",
            "%g_: f64, %h_: f64",
            std::string(threeLoops) + positionFromData + R"(
    %other = math.absf %h_ : f64
    %five = arith.constant 5.0 : f64
    %place2 = arith.mulf %other, %five : f64
    %k2 = arith.fptosi %place2 : f64 to i64
    %q2 = arith.index_cast %k2 : i64 to index
    %e = tensor.extract %x[%i0, %q, %q2] : tensor<2x5x5xf64>
    %r = arith.mulf %e, %place2 : f64
)",
            {2, 4, 3}),
        {0, 2});
}

// A sum over taps that are read, and what it starts from.
TEST_F(ReadVJPTest, ReadsInSum) {
  check(withSquaredSum(
            "%x: tensor<2x6xf64>, %w: tensor<3xf64>, %o: tensor<2x4xf64>", R"(
    %y = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (i, j)>],
        iterator_types = ["parallel", "parallel", "reduction"]} ins(%w : tensor<3xf64>) outs(%o : tensor<2x4xf64>) {
    ^bb0(%a: f64, %sum: f64):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %k = linalg.index 2 : index
      %p = arith.addi %j, %k : index
      %e = tensor.extract %x[%i, %p] : tensor<2x6xf64>
      %t = arith.mulf %e, %a : f64
      %n = arith.addf %sum, %t : f64
      linalg.yield %n : f64
    } -> tensor<2x4xf64>)",
            {2, 4}),
        {0, 1, 2});
}

// The largest of elements that are read.
TEST_F(ReadVJPTest, ReadsInMaximum) {
  check(withSquaredSum("%x: tensor<2x6xf64>", R"(
    %low = arith.constant 0xFFF0000000000000 : f64
    %place = tensor.empty() : tensor<2x4xf64>
    %n = linalg.fill ins(%low : f64) outs(%place : tensor<2x4xf64>) -> tensor<2x4xf64>
    %w = tensor.empty() : tensor<3xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (i, j)>],
        iterator_types = ["parallel", "parallel", "reduction"]} ins(%w : tensor<3xf64>) outs(%n : tensor<2x4xf64>) {
    ^bb0(%a: f64, %m: f64):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %k = linalg.index 2 : index
      %p = arith.addi %j, %k : index
      %t = tensor.extract %x[%i, %p] : tensor<2x6xf64>
      %r = arith.maximumf %m, %t : f64
      linalg.yield %r : f64
    } -> tensor<2x4xf64>)",
                       {2, 4}),
        {0});
}

// An infinity that is not read does not reach anything, forward and backward.
TEST_F(ReadVJPTest, InfinityThatIsNotRead) {
  compile(selectConstant("[3, 0, 1, 4]"), {0});
  if (HasFatalFailure())
    return;
  HostTensor x = makeRandomDoubles({2, 5, 3}, 1);
  for (int row : {0, 1})
    for (int column : {0, 1, 2})
      x.values<double>()[row * 15 + 2 * 3 + column] = INFINITY;
  SmallVector<BufferRef> results{
      executor->allocate({}, ElementType::F64),
      executor->allocate({2, 5, 3}, ElementType::F64)};
  executable->call("gradient", {upload(x)}, results);
  EXPECT_TRUE(std::isfinite(results[0]->read().values<double>()[0]));
  HostTensor gradient = results[1]->read();
  for (auto [i, element] : llvm::enumerate(gradient.values<double>()))
    EXPECT_EQ(element, i / 3 % 5 == 2 ? 0 : 2 * x.values<double>()[i]) << i;
}

// The device forms other kernels of the same operations.
TEST_F(ReadVJPTest, ConstantPositionsOnDevice) {
  useDevice();
  check(selectConstant("[3, 0, 3, 4]"), {0});
}

} // namespace
