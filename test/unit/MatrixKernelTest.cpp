// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products on tensor cores, executed by the simulated device, against plain
// loops in double precision: convolutions in all three directions, with sizes
// that no tile divides, in every precision.

#include "ProductHarness.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;

namespace {

const Product products[] = {
    {"matmul",
     {37, 29, 70},
     {false, false, true},
     {{{0, 1}}, {{2, 1}}},
     {{{2, 1}}, {{1, 1}}},
     {{{0, 1}}, {{1, 1}}}},
    // Rows of the right operand are contiguous: 16 bytes a copy.
    {"matmul_transposed",
     {66, 70, 68},
     {false, false, true},
     {{{0, 1}}, {{2, 1}}},
     {{{1, 1}}, {{2, 1}}},
     {{{0, 1}}, {{1, 1}}}},
    {"batch_matmul",
     {3, 20, 17, 24},
     {false, false, false, true},
     {{{0, 1}}, {{1, 1}}, {{3, 1}}},
     {{{0, 1}}, {{3, 1}}, {{2, 1}}},
     {{{0, 1}}, {{1, 1}}, {{2, 1}}}},
    // n, oh, ow, f, kh, kw, c; stride 2 and dilation 1.
    {"convolution",
     {2, 5, 6, 20, 3, 3, 8},
     {false, false, false, false, true, true, true},
     {{{0, 1}}, {{1, 2}, {4, 1}}, {{2, 2}, {5, 1}}, {{6, 1}}},
     {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
     {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}},
    {"convolution_of_image",
     {2, 7, 7, 16, 3, 3, 3},
     {false, false, false, false, true, true, true},
     {{{0, 1}}, {{1, 1}, {4, 1}}, {{2, 1}, {5, 1}}, {{6, 1}}},
     {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
     {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}},
    // The gradient of the filter: kh, kw, c, f over n, oh, ow.
    {"filter_gradient",
     {3, 3, 9, 12, 2, 6, 5},
     {false, false, false, false, true, true, true},
     {{{4, 1}}, {{5, 1}, {0, 1}}, {{6, 1}, {1, 1}}, {{2, 1}}},
     {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
     {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}},
    // Groups are a batch: g, n, oh, ow, f, kh, kw, c.
    {"grouped_convolution",
     {2, 2, 4, 5, 12, 3, 3, 4},
     {false, false, false, false, false, true, true, true},
     {{{1, 1}}, {{2, 1}, {5, 1}}, {{3, 1}, {6, 1}}, {{0, 1}}, {{7, 1}}},
     {{{0, 1}}, {{5, 1}}, {{6, 1}}, {{7, 1}}, {{4, 1}}},
     {{{1, 1}}, {{2, 1}}, {{3, 1}}, {{0, 1}}, {{4, 1}}}},
};

class MatrixKernelTest : public testing::TestWithParam<Product> {};

TEST_P(MatrixKernelTest, HasThePrecisionOfF32) {
  EXPECT_LE(findError(GetParam(), "fp32"), 3e-7);
}

/// Not better than it can be, either: the option does reach the kernel.
TEST_P(MatrixKernelTest, HasThePrecisionOfTF32) {
  double error = findError(GetParam(), "tf32");
  EXPECT_LE(error, 1e-3);
  EXPECT_GE(error, 1e-5);
}

/// bf16 has 7 bits of mantissa: eight times the error of TF32.
TEST_P(MatrixKernelTest, HasThePrecisionOfBF16) {
  double error = findError(GetParam(), "bf16");
  EXPECT_LE(error, 8e-3);
  EXPECT_GE(error, 1e-4);
}

/// The kernel does run on tensor cores, with copies of 16 bytes where rows are
/// contiguous.
TEST_P(MatrixKernelTest, TakesTensorCores) {
  const Product &product = GetParam();
  auto image =
      compileKernels({printKernel(product)}, Chip{"sm_80"}, ImageForm::PTX);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  EXPECT_EQ(image->kernels[0].form, "matrix");
  EXPECT_NE(image->text.find("mma.sync.aligned.m16n8k8"), std::string::npos);
  bool wide = StringRef(product.name) == "matmul_transposed";
  if (wide)
    EXPECT_NE(image->text.find("cp.async.cg.shared.global"), std::string::npos);
}

/// @f: the product, what it becomes, max(y, b) with a bias, and twice a sum
/// over all of that, of which one stays.
static std::string printSums(const Product &product) {
  std::string type = printTensor(product, product.output);
  size_t rank = getShape(product, product.output).size();
  std::string dims, iterators, reductions;
  for (size_t i = 0; i < rank; ++i) {
    dims += (i ? ", d" : "d") + std::to_string(i);
    iterators += i ? ", \"parallel\"" : "\"parallel\"";
    reductions += i ? ", \"reduction\"" : "\"reduction\"";
  }
  std::string id = "affine_map<(" + dims + ") -> (" + dims + ")>";
  std::string all = "affine_map<(" + dims + ") -> ()>";
  auto sum = [&](const char *name, const char *init, const char *term) {
    return std::string("  %") + name + " = linalg.generic {indexing_maps = [" +
           id + ", " + all + "], iterator_types = [" + reductions +
           "]} ins(%e : " + type + ") outs(%" + init + R"( : tensor<f32>) {
    ^bb0(%a: f32, %o: f32):
      )" + term +
           R"(
      %s = arith.addf %o, %t : f32
      linalg.yield %s : f32
    } -> tensor<f32>
)";
  };
  return "func.func @f(%x: " + printTensor(product, product.lhs) +
         ", %w: " + printTensor(product, product.rhs) + ", %y: " + type +
         ") -> tensor<f32> {\n  %r = " + printProduct(product, "tensor") + R"(
  %zero = arith.constant 0.0 : f32
  %none = arith.constant dense<0.0> : tensor<f32>
  %empty = tensor.empty() : )" +
         type + "\n  %e = linalg.generic {indexing_maps = [" + id + ", " + id +
         "], iterator_types = [" + iterators + "]} ins(%r : " + type +
         ") outs(%empty : " + type + R"() {
    ^bb0(%a: f32, %o: f32):
      %m = arith.maximumf %a, %zero : f32
      linalg.yield %m : f32
    } -> )" +
         type + "\n" + sum("first", "none", "%t = arith.mulf %a, %a : f32") +
         sum("second", "first", "%t = math.absf %a : f32") +
         "  return %second : tensor<f32>\n}";
}

/// The sum over a result that nothing stores: one launch with the product, one
/// for the sum over the blocks.
TEST(AccumulatorsTest, SumsWhatTheResultBecomes) {
  const Product large[] = {
      {"rows_and_columns_are_left_over",
       {300, 68, 40},
       {false, false, true},
       {{{0, 1}}, {{2, 1}}},
       {{{2, 1}}, {{1, 1}}},
       {{{0, 1}}, {{1, 1}}}},
      {"single_columns",
       {257, 77, 24},
       {false, false, true},
       {{{0, 1}}, {{2, 1}}},
       {{{2, 1}}, {{1, 1}}},
       {{{0, 1}}, {{1, 1}}}},
      {"batches",
       {4, 70, 72, 24},
       {false, false, false, true},
       {{{0, 1}}, {{1, 1}}, {{3, 1}}},
       {{{0, 1}}, {{3, 1}}, {{2, 1}}},
       {{{0, 1}}, {{1, 1}}, {{2, 1}}}},
      {"convolution",
       {3, 12, 14, 72, 3, 3, 8},
       {false, false, false, false, true, true, true},
       {{{0, 1}}, {{1, 2}, {4, 1}}, {{2, 2}, {5, 1}}, {{6, 1}}},
       {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
       {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}}};
  for (const Product &product : large)
    for (const char *math : {"fp32", "bf16"}) {
      SCOPED_TRACE(std::string(product.name) + " in " + math);
      HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                              makeRandom(getShape(product, product.rhs), 2),
                              makeRandom(getShape(product, product.output), 3)};
      std::vector<std::string> forms;
      HostTensor found =
          runFunction(printSums(product), tensors, {}, math, &forms);
      EXPECT_EQ(forms, (std::vector<std::string>{"matrix", "rows"}));
      std::vector<double> result(tensors[2].values<float>().begin(),
                                 tensors[2].values<float>().end());
      compute(product, tensors[0], tensors[1], result);
      double sum = 0;
      for (double value : result)
        sum += std::max(value, 0.0) * (std::max(value, 0.0) + 1);
      double bound = StringRef(math) == "fp32" ? 1e-6 : 5e-3;
      EXPECT_NEAR(found.values<float>()[0] / sum, 1, bound);
    }
}

/// The gradient of the input of a strided convolution: each phase is a product
/// of its own, and all of them are one launch. n, oh, ow, f over c, kh, kw.
TEST(MatrixSiblingsTest, ComputesAllPhasesInOneLaunch) {
  struct Case {
    const char *name;
    std::vector<int64_t> extents;
    int64_t stride;
  };
  const Case cases[] = {
      {"even_and_odd_rows_differ", {2, 5, 6, 8, 20, 3, 3}, 2},
      {"filter_of_one_parity", {3, 4, 4, 16, 16, 2, 2}, 2},
      {"nine_phases_are_two_launches", {2, 4, 5, 12, 24, 5, 4}, 3},
      {"some_phases_are_small", {1, 17, 9, 16, 68, 7, 7}, 2}};
  for (const Case &each : cases)
    for (const char *math : {"fp32", "tf32", "bf16"}) {
      SCOPED_TRACE(std::string(each.name) + " in " + math);
      Product product = {each.name,
                         each.extents,
                         {false, true, true, true, false, true, true},
                         {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}},
                         {{{5, 1}}, {{6, 1}}, {{4, 1}}, {{3, 1}}},
                         {{{0, 1}},
                          {{1, each.stride}, {5, 1}},
                          {{2, each.stride}, {6, 1}},
                          {{4, 1}}}};
      std::vector<std::string> forms;
      double error = findErrorFromZero(product, math, &forms);
      double bound = StringRef(math) == "fp32"   ? 5e-7
                     : StringRef(math) == "tf32" ? 1e-3
                                                 : 8e-3;
      EXPECT_LE(error, bound);
      size_t launches = each.stride == 3 ? 2 : 1;
      EXPECT_EQ(llvm::count(forms, "matrix"), launches)
          << llvm::join(forms, " ");
    }
}

INSTANTIATE_TEST_SUITE_P(Products, MatrixKernelTest,
                         testing::ValuesIn(products),
                         [](const testing::TestParamInfo<Product> &info) {
                           return std::string(info.param.name);
                         });

} // namespace
