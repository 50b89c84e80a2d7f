// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depthwise convolutions and those of narrow groups, executed by the simulated
// device, against plain loops in double precision: all three directions,
// strides and windows, with sizes that no vector and no tile divides.

#include "ProductHarness.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "pdq/Runtime/CUDA/PTXAssembler.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;

namespace {

constexpr bool parallel = false, reduction = true;

/// n, oh, ow, c, kh, kw.
Product makeDepthwise(const char *name, std::vector<int64_t> extents,
                      int64_t stride) {
  return {name,
          std::move(extents),
          {parallel, parallel, parallel, parallel, reduction, reduction},
          {{{0, 1}}, {{1, stride}, {4, 1}}, {{2, stride}, {5, 1}}, {{3, 1}}},
          {{{4, 1}}, {{5, 1}}, {{3, 1}}},
          {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
}

/// The gradient of the input: the same loops, and the filter is turned round.
Product makeInputGradient(const char *name, std::vector<int64_t> extents) {
  Product product = makeDepthwise(name, std::move(extents), 1);
  product.lhs = {{{0, 1}}, {{1, 1}, {4, -1}}, {{2, 1}, {5, -1}}, {{3, 1}}};
  return product;
}

/// kh, kw, c, n, oh, ow.
Product makeFilterGradient(const char *name, std::vector<int64_t> extents,
                           int64_t stride) {
  return {name,
          std::move(extents),
          {parallel, parallel, parallel, reduction, reduction, reduction},
          {{{3, 1}}, {{4, stride}, {0, 1}}, {{5, stride}, {1, 1}}, {{2, 1}}},
          {{{3, 1}}, {{4, 1}}, {{5, 1}}, {{2, 1}}},
          {{{0, 1}}, {{1, 1}}, {{2, 1}}}};
}

/// n, oh, ow, g, f, kh, kw, c.
Product makeGroups(const char *name, std::vector<int64_t> extents) {
  return {name,
          std::move(extents),
          {parallel, parallel, parallel, parallel, parallel, reduction,
           reduction, reduction},
          {{{0, 1}}, {{1, 1}, {5, 1}}, {{2, 1}, {6, 1}}, {{3, 1}}, {{7, 1}}},
          {{{5, 1}}, {{6, 1}}, {{3, 1}}, {{7, 1}}, {{4, 1}}},
          {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}, {{4, 1}}}};
}

/// n, h, w, g, c, kh, kw, f: the gradient of the input of groups.
Product makeGroupsInputGradient(const char *name,
                                std::vector<int64_t> extents) {
  Product product = makeGroups(name, std::move(extents));
  product.lhs = {
      {{0, 1}}, {{1, 1}, {5, -1}}, {{2, 1}, {6, -1}}, {{3, 1}}, {{7, 1}}};
  product.rhs = {{{5, 1}}, {{6, 1}}, {{3, 1}}, {{4, 1}}, {{7, 1}}};
  return product;
}

/// g, kh, kw, c, f, n, oh, ow.
Product makeGroupsFilterGradient(const char *name,
                                 std::vector<int64_t> extents) {
  return {name,
          std::move(extents),
          {parallel, parallel, parallel, parallel, parallel, reduction,
           reduction, reduction},
          {{{5, 1}}, {{6, 1}, {1, 1}}, {{7, 1}, {2, 1}}, {{0, 1}}, {{3, 1}}},
          {{{5, 1}}, {{6, 1}}, {{7, 1}}, {{0, 1}}, {{4, 1}}},
          {{{1, 1}}, {{2, 1}}, {{0, 1}}, {{3, 1}}, {{4, 1}}}};
}

/// The filter in the order that the GPU path chooses: kh, kw, c, g, f.
Product makePackedGroups(const char *name, std::vector<int64_t> extents) {
  Product product = makeGroups(name, std::move(extents));
  product.rhs = {{{5, 1}}, {{6, 1}}, {{7, 1}}, {{3, 1}}, {{4, 1}}};
  return product;
}

std::vector<Product> makeProducts() {
  return {
      makeDepthwise("depthwise_3x3", {2, 5, 6, 8, 3, 3}, 1),
      makeDepthwise("depthwise_3x3_stride_2", {2, 5, 7, 12, 3, 3}, 2),
      makeDepthwise("depthwise_5x5", {1, 7, 4, 12, 5, 5}, 1),
      makeDepthwise("depthwise_5x5_stride_2", {3, 3, 5, 4, 5, 5}, 2),
      // Channels that vectors do not divide; more terms than are unrolled.
      makeDepthwise("depthwise_of_7_channels", {2, 5, 6, 7, 3, 3}, 2),
      makeDepthwise("depthwise_9x9", {2, 4, 3, 8, 9, 9}, 1),
      // Enough for threads with tiles of 4 and 3 pixels.
      makeDepthwise("depthwise_in_tiles_of_4", {4, 16, 32, 128, 3, 3}, 1),
      makeDepthwise("depthwise_in_tiles_of_3", {2, 18, 27, 53, 3, 1}, 2),
      makeInputGradient("input_gradient_3x3", {2, 6, 5, 8, 3, 3}),
      makeInputGradient("input_gradient_5x5", {1, 5, 7, 6, 5, 5}),
      makeFilterGradient("filter_gradient_3x3", {3, 3, 12, 3, 9, 6}, 1),
      makeFilterGradient("filter_gradient_3x3_stride_2", {3, 3, 8, 3, 5, 7}, 2),
      makeFilterGradient("filter_gradient_5x5", {5, 5, 20, 2, 7, 7}, 1),
      makeFilterGradient("filter_gradient_of_5_channels", {5, 5, 5, 2, 4, 6},
                         2),
      // 8 threads or all of a block share a filter.
      makeFilterGradient("filter_gradient_of_few_pixels", {3, 3, 8, 1, 4, 9},
                         1),
      makeFilterGradient("filter_gradient_of_many_pixels", {3, 3, 4, 3, 33, 28},
                         1),
      makeGroups("groups_of_4", {2, 4, 5, 6, 4, 3, 3, 4}),
      makeGroups("groups_of_3", {2, 4, 5, 3, 3, 3, 3, 3}),
      makeGroups("groups_of_2_to_4", {2, 5, 4, 5, 4, 3, 3, 2}),
      makeGroupsInputGradient("input_gradient_of_groups_of_4",
                              {2, 4, 5, 6, 4, 3, 3, 4}),
      makeGroupsInputGradient("input_gradient_of_groups_of_3",
                              {2, 4, 5, 3, 3, 3, 3, 3}),
      makeGroupsFilterGradient("filter_gradient_of_groups_of_4",
                               {6, 3, 3, 4, 4, 2, 5, 6}),
      makeGroupsFilterGradient("filter_gradient_of_groups_of_3",
                               {3, 3, 3, 3, 3, 2, 5, 6}),
      // What the gradient of a scale per channel is.
      {"sum_per_channel",
       {40, 3, 11, 7},
       {parallel, reduction, reduction, reduction},
       {{{1, 1}}, {{2, 1}}, {{3, 1}}, {{0, 1}}},
       {{{1, 1}}, {{2, 1}}, {{3, 1}}, {{0, 1}}},
       {{{0, 1}}}},
  };
}

class DirectKernelTest : public testing::TestWithParam<Product> {};

TEST_P(DirectKernelTest, HasThePrecisionOfF32) {
  std::vector<std::string> forms;
  EXPECT_LE(findError(GetParam(), "tf32", &forms), 5e-7);
  EXPECT_TRUE(llvm::is_contained(forms, "direct"));
}

/// Vectors of 16 bytes wherever four neighbours are contiguous, and no tensor
/// cores.
TEST_P(DirectKernelTest, MovesWholeVectors) {
  const Product &product = GetParam();
  auto image =
      compileKernels({printKernel(product)}, Chip{"sm_80"}, ImageForm::PTX);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  EXPECT_EQ(image->kernels[0].form, "direct");
  bool hasVectors = getShape(product, product.output).back() % 4 == 0;
  EXPECT_EQ(image->text.find("ld.global.v4") != std::string::npos, hasVectors);
  EXPECT_EQ(image->text.find("st.global.v4") != std::string::npos, hasVectors);
}

INSTANTIATE_TEST_SUITE_P(Products, DirectKernelTest,
                         testing::ValuesIn(makeProducts()),
                         [](const testing::TestParamInfo<Product> &info) {
                           return std::string(info.param.name);
                         });

/// y = clamp(bias + product, 0, 6) * z, in one launch.
class JoinedDirectKernelTest : public testing::TestWithParam<Product> {};

std::string printJoined(const Product &product) {
  std::string type = printTensor(product, product.output);
  int64_t rank = product.output.size(), size = 0;
  size = getShape(product, product.output).back();
  std::string id = "affine_map<(", all = id;
  for (int64_t i = 0; i < rank; ++i)
    id += (i ? ", d" : "d") + std::to_string(i);
  all = id.substr(std::string("affine_map<(").size());
  std::string last = id + ") -> (d" + std::to_string(rank - 1) + ")>";
  id += ") -> (" + all + ")>";
  std::string loops = "iterator_types = [\"parallel\"";
  for (int64_t i = 1; i < rank; ++i)
    loops += ", \"parallel\"";
  loops += "]}";
  std::string bias = "tensor<" + std::to_string(size) + "xf32>";
  return "func.func @f(%x: " + printTensor(product, product.lhs) +
         ", %w: " + printTensor(product, product.rhs) + ", %z: " + type +
         ", %bias: " + bias + ") -> " + type + R"( {
    %zero = arith.constant 0.0 : f32
    %six = arith.constant 6.0 : f32
    %e = tensor.empty() : )" +
         type + "\n%y = linalg.generic {indexing_maps = [" + last + ", " + id +
         "], " + loops + " ins(%bias : " + bias + ") outs(%e : " + type + R"() {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    } -> )" +
         type + "\n%p = " + printProduct(product, "tensor") +
         "\n%r = linalg.generic {indexing_maps = [" + id + ", " + id + ", " +
         id + "], " + loops + " ins(%p, %z : " + type + ", " + type +
         ") outs(%e : " + type + R"() {
    ^bb0(%a: f32, %c: f32, %o: f32):
      %low = arith.maximumf %a, %zero : f32
      %clamped = arith.minimumf %low, %six : f32
      %m = arith.mulf %clamped, %c : f32
      linalg.yield %m : f32
    } -> )" +
         type + "\nreturn %r : " + type + "\n}";
}

TEST_P(JoinedDirectKernelTest, TakesElementwiseOperationsAlong) {
  const Product &product = GetParam();
  std::vector<int64_t> shape = getShape(product, product.output);
  HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                          makeRandom(getShape(product, product.rhs), 2),
                          makeRandom(shape, 3), makeRandom({shape.back()}, 4)};
  std::vector<std::string> forms;
  HostTensor found =
      runFunction(printJoined(product), tensors, shape, "fp32", &forms);
  EXPECT_EQ(forms, std::vector<std::string>{"direct"});
  std::vector<double> expected(tensors[2].values<float>().size());
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] = tensors[3].values<float>()[i % shape.back()];
  compute(product, tensors[0], tensors[1], expected);
  for (auto [value, factor] :
       llvm::zip_equal(expected, tensors[2].values<float>()))
    value = std::min(std::max(value, 0.0), 6.0) * factor;
  EXPECT_LE(compareWith(expected, found), 5e-7);
}

INSTANTIATE_TEST_SUITE_P(
    Products, JoinedDirectKernelTest,
    testing::Values(
        makeDepthwise("depthwise", {2, 5, 6, 8, 3, 3}, 1),
        makeDepthwise("depthwise_of_7_channels", {2, 5, 6, 7, 3, 3}, 2),
        makeInputGradient("input_gradient", {2, 6, 5, 12, 3, 3}),
        makeFilterGradient("filter_gradient", {3, 3, 12, 3, 9, 6}, 1),
        makePackedGroups("groups_of_4", {2, 4, 5, 6, 4, 3, 3, 4})),
    [](const testing::TestParamInfo<Product> &info) {
      return std::string(info.param.name);
    });

/// The gradient of the input of a strided depthwise convolution: its phases are
/// one launch. n, oh, ow, c over kh, kw.
TEST(DirectSiblingsTest, ComputesAllPhasesInOneLaunch) {
  for (int64_t channels : {7, 12})
    for (int64_t window : {3, 5}) {
      Product product = {
          "phases",
          {2, 5, 6, channels, window, window},
          {parallel, reduction, reduction, parallel, reduction, reduction},
          {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}},
          {{{4, 1}}, {{5, 1}}, {{3, 1}}},
          {{{0, 1}}, {{1, 2}, {4, 1}}, {{2, 2}, {5, 1}}, {{3, 1}}}};
      std::vector<std::string> forms;
      EXPECT_LE(findErrorFromZero(product, "fp32", &forms), 5e-7);
      EXPECT_EQ(llvm::count(forms, "direct"), 1) << llvm::join(forms, " ");
    }
}

/// Layers of networks, whose threads hold the largest tiles.
std::vector<Product> makeLayers() {
  return {
      makeDepthwise("depthwise_3x3", {32, 112, 112, 96, 3, 3}, 1),
      makeDepthwise("depthwise_3x3_stride_2", {32, 56, 56, 96, 3, 3}, 2),
      makeDepthwise("depthwise_5x5", {32, 28, 28, 240, 5, 5}, 1),
      makeDepthwise("depthwise_7x7", {32, 56, 56, 96, 7, 7}, 1),
      makeDepthwise("depthwise_of_odd_channels", {32, 56, 56, 75, 5, 5}, 2),
      makeInputGradient("input_gradient_5x5", {32, 28, 28, 240, 5, 5}),
      makeFilterGradient("filter_gradient_3x3", {3, 3, 96, 32, 112, 112}, 1),
      makeFilterGradient("filter_gradient_5x5", {5, 5, 240, 32, 28, 28}, 2),
      makeFilterGradient("filter_gradient_1x12", {1, 12, 64, 32, 28, 28}, 1),
      makeGroups("groups_of_4", {32, 56, 56, 16, 4, 3, 3, 4}),
      makeGroups("groups_of_7", {32, 56, 56, 16, 7, 3, 3, 7}),
      makeGroupsInputGradient("input_gradient_of_groups_of_4",
                              {32, 56, 56, 16, 4, 3, 3, 4}),
      makeGroupsFilterGradient("filter_gradient_of_groups_of_4",
                               {16, 3, 3, 4, 4, 32, 56, 56}),
  };
}

class DirectCodeTest
    : public testing::TestWithParam<std::tuple<Product, const char *>> {};

TEST_P(DirectCodeTest, KeepsTilesInRegisters) {
  auto [product, chip] = GetParam();
  auto ptxas = llvm::cantFail(PTXAssembler::find());
  if (!ptxas)
    GTEST_SKIP() << "ptxas is not installed";
  auto image =
      compileKernels({printKernel(product)}, Chip{chip}, ImageForm::PTX);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  EXPECT_EQ(image->kernels[0].form, "direct");
  auto result = ptxas->assemble(image->text, chip);
  ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
  EXPECT_NE(result->report.find("0 bytes stack frame, 0 bytes spill stores"),
            std::string::npos)
      << result->report;
  int registers = 0;
  size_t place = result->report.find("Used ");
  ASSERT_NE(place, std::string::npos) << result->report;
  StringRef(result->report).substr(place + 5).consumeInteger(10, registers);
  RecordProperty("registers", registers);
  // Two blocks of 256 threads on a multiprocessor.
  EXPECT_LE(registers, 128) << result->report;
}

INSTANTIATE_TEST_SUITE_P(Layers, DirectCodeTest,
                         testing::Combine(testing::ValuesIn(makeLayers()),
                                          testing::Values("sm_80", "sm_90a",
                                                          "sm_100")),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param).name) +
                                  "_" + std::get<1>(info.param);
                         });

} // namespace
