// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every tile of the table, executed by the simulated device, against plain
// loops in double precision: the sizes are none that a tile divides.

#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"
#include "ProductHarness.h"
#include "SimulatedDevice.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;

namespace {

/// Forward: the terms of the left operand are neighbours, the columns of the
/// right one; n, oh, ow, f, kh, kw, c, stride 2.
const Product forward = {
    "forward",
    {2, 9, 9, 140, 3, 2, 12},
    {false, false, false, false, true, true, true},
    {{{0, 1}}, {{1, 2}, {4, 1}}, {{2, 2}, {5, 1}}, {{6, 1}}},
    {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
    {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// The gradient of the filter: rows and columns are neighbours; kh, kw, c, f
/// over n, oh, ow.
const Product filterGradient = {
    "filter_gradient",
    {3, 3, 16, 132, 2, 7, 6},
    {false, false, false, false, true, true, true},
    {{{4, 1}}, {{5, 1}, {0, 1}}, {{6, 1}, {1, 1}}, {{2, 1}}},
    {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
    {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// The terms of both operands are neighbours.
const Product transposed = {"transposed",         {162, 140, 68},
                            {false, false, true}, {{{0, 1}}, {{2, 1}}},
                            {{{1, 1}}, {{2, 1}}}, {{{0, 1}}, {{1, 1}}}};
/// Nothing has a multiple of four neighbours; for single warps.
const Product odd = {"odd",
                     {131, 67, 39},
                     {false, false, true},
                     {{{0, 1}}, {{2, 1}}},
                     {{{2, 1}}, {{1, 1}}},
                     {{{0, 1}}, {{1, 1}}}};
/// A shortcut beside the forward convolution: one tap, stride 3, other
/// channels; the terms of the right operand are neighbours.
const Product shortcut = {"shortcut",
                          {2, 9, 9, 140, 20},
                          {false, false, false, false, true},
                          {{{0, 1}}, {{1, 3}}, {{2, 3}}, {{4, 1}}},
                          {{{3, 1}}, {{4, 1}}},
                          {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// Few terms, and groups as a batch: g, n, f, c.
const Product grouped = {"grouped",
                         {3, 70, 36, 12},
                         {false, false, false, true},
                         {{{1, 1}}, {{0, 1}}, {{3, 1}}},
                         {{{0, 1}}, {{3, 1}}, {{2, 1}}},
                         {{{1, 1}}, {{0, 1}}, {{2, 1}}}};

struct Case {
  MatrixTile tile;
  const char *math;
  Product product;
};

class MatrixTileTest : public SimulatedDeviceTest,
                       public testing::WithParamInterface<Case> {
protected:
  /// Executes a kernel with buffers that hold these values, and returns what
  /// they hold then.
  std::vector<std::vector<float>> run(const KernelLaunch &kernel,
                                      const std::string &text,
                                      ArrayRef<HostTensor> tensors);
};

std::vector<std::vector<float>>
MatrixTileTest::run(const KernelLaunch &kernel, const std::string &text,
                    ArrayRef<HostTensor> tensors) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  EXPECT_CUDA(
      PDQ_CUDA(cuModuleLoadDataEx)(&module, text.c_str(), 0, nullptr, nullptr));
  EXPECT_CUDA(
      PDQ_CUDA(cuModuleGetFunction)(&function, module, kernel.symbol.c_str()));
  EXPECT_CUDA(PDQ_CUDA(cuFuncSetAttribute)(
      function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
      kernel.sharedBytes));
  std::vector<pdqtest::Buffer> buffers;
  for (const HostTensor &tensor : tensors) {
    ArrayRef<float> values = tensor.values<float>();
    buffers.push_back(upload(std::vector<float>(values.begin(), values.end())));
  }
  std::vector<void *> parameters;
  for (pdqtest::Buffer &buffer : buffers)
    parameters.push_back(&buffer.address);
  EXPECT_CUDA(PDQ_CUDA(cuLaunchKernel)(
      function, kernel.grid[0], kernel.grid[1], kernel.grid[2], kernel.block[0],
      kernel.block[1], kernel.block[2], kernel.sharedBytes, stream,
      parameters.data(), nullptr));
  std::vector<std::vector<float>> values;
  for (const pdqtest::Buffer &buffer : buffers)
    values.push_back(download<float>(buffer));
  return values;
}

std::vector<double> toDoubles(const HostTensor &tensor) {
  ArrayRef<float> values = tensor.values<float>();
  return std::vector<double>(values.begin(), values.end());
}

/// What the largest error is at most: of f32 that of sums, of the others that
/// of operands with 10 and 7 bits of mantissa. Below the least one the option
/// would not have reached the kernel.
std::pair<double, double> getBounds(StringRef math) {
  if (math == "fp32")
    return {0, 5e-7};
  return math == "tf32" ? std::pair(1e-5, 1e-3) : std::pair(2e-4, 8e-3);
}

TEST_P(MatrixTileTest, IsRight) {
  const auto &[tile, math, product] = GetParam();
  KernelText text;
  text.clauses = printTile(tile.m, tile.n, tile.k);
  Chip chip{tile.isWarpgroup ? "sm_90a" : "sm_80"};
  auto image = compileKernels({printKernel(product, text)}, chip,
                              ImageForm::LLVMIR, math);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  const KernelLaunch &kernel = image->kernels[0];
  EXPECT_EQ(kernel.form, "matrix");
  EXPECT_EQ(int64_t(kernel.block[0]), tile.getBlockSize());
  EXPECT_EQ(image->text.find("wgmma") != std::string::npos, tile.isWarpgroup);
  EXPECT_LE(kernel.sharedBytes,
            tile.getSharedBytes(*plan::symbolizeMath(math)));

  HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                          makeRandom(getShape(product, product.rhs), 2),
                          makeRandom(getShape(product, product.output), 3)};
  std::vector<double> expected = toDoubles(tensors[2]);
  compute(product, tensors[0], tensors[1], expected);
  auto [least, most] = getBounds(math);
  double error = compareWith(expected, run(kernel, image->text, tensors)[2]);
  EXPECT_LE(error, most);
  EXPECT_GE(error, least);
}

/// A block that does two products of the forward convolution's image, one of
/// them with the shortcut's product behind it, in turns: what follows uses the
/// shared memory of what came before.
class MatrixTurnsTest : public MatrixTileTest {};

TEST_P(MatrixTurnsTest, AreRight) {
  const auto &[tile, math, product] = GetParam();
  KernelText text;
  text.clauses = printTile(tile.m, tile.n, tile.k) + " groups([2, 1])";
  text.arguments = printBuffer("%x1", shortcut, shortcut.lhs) +
                   printBuffer("%w1", shortcut, shortcut.rhs) +
                   printBuffer("%w2", product, product.rhs) +
                   printBuffer("%y2", product, product.output);
  text.after = printProductOf(shortcut, "%x1", "%w1", "%y") +
               printProductOf(product, "%x", "%w2", "%y2");
  auto image = compileKernels({printKernel(product, text)},
                              Chip{tile.isWarpgroup ? "sm_90a" : "sm_80"},
                              ImageForm::LLVMIR, math);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  const KernelLaunch &kernel = image->kernels[0];
  EXPECT_EQ(kernel.form, "matrix");
  EXPECT_LE(kernel.sharedBytes,
            tile.getSharedBytes(*plan::symbolizeMath(math)));

  HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                          makeRandom(getShape(product, product.rhs), 2),
                          makeRandom(getShape(product, product.output), 3),
                          makeRandom(getShape(shortcut, shortcut.lhs), 4),
                          makeRandom(getShape(shortcut, shortcut.rhs), 5),
                          makeRandom(getShape(product, product.rhs), 6),
                          makeRandom(getShape(product, product.output), 7)};
  std::vector<double> both = toDoubles(tensors[2]),
                      other = toDoubles(tensors[6]);
  compute(product, tensors[0], tensors[1], both);
  compute(shortcut, tensors[3], tensors[4], both);
  compute(product, tensors[0], tensors[5], other);
  auto found = run(kernel, image->text, tensors);
  EXPECT_LE(compareWith(both, found[2]), getBounds(math).second);
  EXPECT_LE(compareWith(other, found[6]), getBounds(math).second);
}

/// Tiles of warps and of warpgroups in one precision, the largest ones in the
/// others.
std::vector<Case> listTurns() {
  std::vector<Case> cases;
  for (const char *math : {"tf32", "bf16", "fp32"}) {
    ArrayRef<MatrixTile> warps = getWarpTiles(),
                         groups = getWarpgroupTiles(*plan::symbolizeMath(math));
    bool all = StringRef(math) == "tf32";
    for (ArrayRef<MatrixTile> tiles : {warps, groups})
      for (const MatrixTile &tile : all ? tiles : tiles.take_front())
        cases.push_back({tile, math, forward});
  }
  return cases;
}

/// All tiles in one precision; the largest and the smallest in the others.
std::vector<Case> listCases() {
  std::vector<Case> cases;
  auto add = [&](ArrayRef<MatrixTile> tiles, const char *math,
                 ArrayRef<Product> products) {
    for (const MatrixTile &tile : tiles)
      for (const Product &product : products)
        cases.push_back({tile, math, product});
  };
  for (const char *math : {"tf32", "bf16", "fp32"}) {
    bool all = StringRef(math) == "tf32";
    SmallVector<MatrixTile> warps(getWarpTiles());
    SmallVector<MatrixTile> warpgroups(
        getWarpgroupTiles(*plan::symbolizeMath(math)));
    if (!all) {
      warps = {warps.front(), warps.back()};
      warpgroups = {warpgroups.front(), warpgroups.back()};
    }
    add(warps, math, {forward, filterGradient, transposed, odd});
    add(warps.back(), math, grouped);
    add(warpgroups, math, {forward, filterGradient, transposed});
    add(warpgroups.back(), math, grouped);
  }
  return cases;
}

std::string printCase(const testing::TestParamInfo<Case> &info) {
  const auto &[tile, math, product] = info.param;
  return std::string(tile.isWarpgroup ? "warpgroup_" : "warp_") +
         std::to_string(tile.m) + "x" + std::to_string(tile.n) + "x" +
         std::to_string(tile.k) + "_" + math + "_" + product.name;
}

INSTANTIATE_TEST_SUITE_P(Tiles, MatrixTileTest, testing::ValuesIn(listCases()),
                         printCase);
INSTANTIATE_TEST_SUITE_P(Tiles, MatrixTurnsTest, testing::ValuesIn(listTurns()),
                         printCase);

} // namespace
