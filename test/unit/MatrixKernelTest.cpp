// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products on tensor cores, executed by the simulated device, against plain
// loops in double precision: convolutions in all three directions, with sizes
// that no tile divides, in every precision.

#include "../../lib/Execution/GPU/DeviceCode.h"
#include "ProductHarness.h"

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

INSTANTIATE_TEST_SUITE_P(Products, MatrixKernelTest,
                         testing::ValuesIn(products),
                         [](const testing::TestParamInfo<Product> &info) {
                           return std::string(info.param.name);
                         });

} // namespace
