// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers, shared memory and occupancy of every tile of matrix kernels on
// every supported chip, as ptxas assembles them, against a committed table.
// With PDQ_UPDATE_RESOURCES=1 in the environment the table is written instead.

#include "ProductHarness.h"
#include "pdq/Codegen/GPU/Matrix/MatrixTile.h"
#include "pdq/Plan/Analysis/ChipLimits.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "pdq/Runtime/CUDA/PTXAssembler.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <map>

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;
namespace json = llvm::json;

namespace {

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// n, oh, ow, f, kh, kw, c: rows of 16 bytes, terms of the left operand and
/// columns of the right one.
const Product forward = {
    "forward",
    {32, 28, 28, 128, 3, 3, 128},
    {false, false, false, false, true, true, true},
    {{{0, 1}}, {{1, 1}, {4, 1}}, {{2, 1}, {5, 1}}, {{6, 1}}},
    {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
    {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// One tap, every other row and column, half the channels.
const Product shortcut = {"shortcut",
                          {32, 28, 28, 128, 64},
                          {false, false, false, false, true},
                          {{{0, 1}}, {{1, 2}}, {{2, 2}}, {{4, 1}}},
                          {{{4, 1}}, {{3, 1}}},
                          {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// kh, kw, c, f over n, oh, ow: rows and columns.
const Product filterGradient = {
    "filter",
    {3, 3, 128, 128, 32, 28, 28},
    {false, false, false, false, true, true, true},
    {{{4, 1}}, {{5, 1}, {0, 1}}, {{6, 1}, {1, 1}}, {{2, 1}}},
    {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
    {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};
/// An image of three channels: elements one by one.
const Product image = {"image",
                       {32, 112, 112, 63, 7, 7, 3},
                       {false, false, false, false, true, true, true},
                       {{{0, 1}}, {{1, 2}, {4, 1}}, {{2, 2}, {5, 1}}, {{6, 1}}},
                       {{{4, 1}}, {{5, 1}}, {{6, 1}}, {{3, 1}}},
                       {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}};

/// A bias in front of the forward convolution, and behind it ReLU and the sum
/// over its results, one for each block of `tile`.
KernelText getJoined(const MatrixTile &tile) {
  KernelText text;
  const std::vector<int64_t> &extents = forward.extents;
  int64_t columnTiles = llvm::divideCeil(extents[3], tile.n);
  int64_t rowTiles =
      llvm::divideCeil(extents[0] * extents[1] * extents[2], tile.m);
  std::string parts =
      "memref<" + std::to_string(rowTiles * columnTiles) + "xf32>";
  std::string block =
      "(((n * 28 + h) * 28 + w) floordiv " + std::to_string(tile.m) + ") * " +
      std::to_string(columnTiles) + " + f floordiv " + std::to_string(tile.n);
  std::string
      header =
          R"(    linalg.generic {indexing_maps = [affine_map<(n, h, w, f) -> )",
      loops = R"(, affine_map<(n, h, w, f) -> (n, h, w, f)>],
                      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
)";
  text.arguments = "%bias: memref<128xf32> {llvm.align = 16 : i64}, "
                   "%z: memref<32x28x28x128xf32> {llvm.align = 16 : i64}, "
                   "%parts: " +
                   parts + " {llvm.align = 16 : i64}, ";
  text.before =
      "    %zero = arith.constant 0.0 : f32\n" + header + "(f)>" + loops +
      R"(      ins(%bias : memref<128xf32>) outs(%y : memref<32x28x28x128xf32>) {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    }
)";
  text.after =
      header + "(n, h, w, f)>" + loops +
      R"(      ins(%y : memref<32x28x28x128xf32>) outs(%z : memref<32x28x28x128xf32>) {
    ^bb0(%a: f32, %o: f32):
      %m = arith.maximumf %a, %zero : f32
      linalg.yield %m : f32
    }
    linalg.fill ins(%zero : f32) outs(%parts : )" +
      parts + ")\n" + header + "(n, h, w, f)>, affine_map<(n, h, w, f) -> (" +
      block + R"()>],
      iterator_types = ["reduction", "reduction", "reduction", "reduction"]}
      ins(%z : memref<32x28x28x128xf32>) outs(%parts : )" +
      parts + R"() {
    ^bb0(%a: f32, %o: f32):
      %s = arith.addf %o, %a : f32
      linalg.yield %s : f32
    }
)";
  return text;
}

/// A second convolution of the same image, over which blocks take turns.
KernelText getGroups(const MatrixTile &) {
  KernelText text;
  text.name = "siblings";
  text.clauses = " groups([1, 1])";
  text.arguments = printBuffer("%w1", forward, forward.rhs) +
                   printBuffer("%y1", forward, forward.output);
  text.after = printProductOf(forward, "%x", "%w1", "%y1");
  return text;
}

/// The convolution of a shortcut, added to the other one.
KernelText getChained(const MatrixTile &) {
  KernelText text;
  text.name = "chained";
  text.arguments = printBuffer("%x1", shortcut, shortcut.lhs) +
                   printBuffer("%w1", shortcut, shortcut.rhs);
  text.after = printProductOf(shortcut, "%x1", "%w1", "%y");
  return text;
}

struct Configuration {
  std::string name, kernel;
};

/// Every tile that `chip` can choose, for operands of each kind.
std::vector<Configuration> listConfigurations(StringRef chip, StringRef math) {
  std::vector<Configuration> list;
  auto add = [&](ArrayRef<MatrixTile> tiles, const Product &product,
                 function_ref<KernelText(const MatrixTile &)> describe) {
    for (const MatrixTile &tile : tiles) {
      KernelText text = describe(tile);
      std::string sizes = std::to_string(tile.m) + "x" +
                          std::to_string(tile.n) + "x" + std::to_string(tile.k);
      text.clauses += printTile(tile.m, tile.n, tile.k);
      text.name = std::string(tile.isWarpgroup ? "warpgroup_" : "warp_") +
                  (text.name == "k" ? product.name : text.name) + "_" + sizes;
      list.push_back({text.name, printKernel(product, text)});
    }
  };
  bool hasWarpgroups = getChipLimits(chip).hasWarpgroupMatrix;
  ArrayRef<MatrixTile> vectorTiles =
      hasWarpgroups ? getWarpgroupTiles(*plan::symbolizeMath(math))
                    : getWarpTiles();
  auto isAlone = [](const MatrixTile &) { return KernelText(); };
  add(vectorTiles, forward, getJoined);
  add(vectorTiles, forward, getGroups);
  add(vectorTiles, forward, getChained);
  add(vectorTiles, filterGradient, isAlone);
  add(getWarpTiles(), image, isAlone);
  return list;
}

//===----------------------------------------------------------------------===//
// Resources
//===----------------------------------------------------------------------===//

struct Resources {
  int64_t registers = 0, staticBytes = 0, dynamicBytes = 0, threads = 0,
          blocks = 0;
};
using Table = std::map<std::string, Resources>;

/// What ptxas says about each kernel of a file.
class Report {
public:
  explicit Report(StringRef text) {
    StringRef kernel;
    for (StringRef rest = text; !rest.empty();) {
      auto [line, behind] = rest.split('\n');
      rest = behind;
      SmallVector<StringRef> words;
      if (entry.match(line, &words))
        kernel = words[1];
      else if (!kernel.empty())
        lines[kernel.str()] += line.str() + "\n";
    }
  }
  StringRef get(StringRef kernel) { return lines[kernel.str()]; }

private:
  llvm::Regex entry{"Compiling entry function '([^']*)'"};
  std::map<std::string, std::string> lines;
};

int64_t findNumber(StringRef text, StringRef pattern) {
  SmallVector<StringRef> words;
  int64_t number = 0;
  if (llvm::Regex(pattern).match(text, &words))
    EXPECT_FALSE(words[1].getAsInteger(10, number));
  return number;
}

class KernelResourcesTest
    : public testing::TestWithParam<std::tuple<const char *, const char *>> {
protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  static std::optional<PTXAssembler> assembler;
  static Table committed, found;
  static bool isUpdate;
};
std::optional<PTXAssembler> KernelResourcesTest::assembler;
Table KernelResourcesTest::committed, KernelResourcesTest::found;
bool KernelResourcesTest::isUpdate = false;

void KernelResourcesTest::SetUpTestSuite() {
  isUpdate = std::getenv("PDQ_UPDATE_RESOURCES") != nullptr;
  assembler = llvm::cantFail(PTXAssembler::find());
  auto text = llvm::MemoryBuffer::getFile(PDQ_KERNEL_RESOURCES);
  if (!text) {
    EXPECT_TRUE(isUpdate) << PDQ_KERNEL_RESOURCES << " cannot be read";
    return;
  }
  json::Value value = llvm::cantFail(json::parse((*text)->getBuffer()));
  for (const json::Value &row : *value.getAsArray()) {
    const json::Object &object = *row.getAsObject();
    auto get = [&](StringRef key) { return *object.getInteger(key); };
    committed[object.getString("kernel")->str()] = {
        get("registers"), get("static"), get("dynamic"), get("threads"),
        get("blocks")};
  }
}

/// A line a kernel, so that differences can be read.
void KernelResourcesTest::TearDownTestSuite() {
  if (!isUpdate)
    return;
  std::error_code error;
  llvm::raw_fd_ostream stream(PDQ_KERNEL_RESOURCES, error);
  ASSERT_FALSE(error) << error.message();
  const char *separator = "[\n";
  for (const auto &[name, is] : found) {
    stream << separator << "{\"kernel\": \"" << name
           << "\", \"threads\": " << is.threads
           << ", \"registers\": " << is.registers
           << ", \"static\": " << is.staticBytes
           << ", \"dynamic\": " << is.dynamicBytes
           << ", \"blocks\": " << is.blocks << "}";
    separator = ",\n";
  }
  stream << "\n]\n";
}

TEST_P(KernelResourcesTest, FitsTheTable) {
  if (!assembler)
    GTEST_SKIP() << "ptxas is not installed";
  auto [chip, math] = GetParam();
  const ChipLimits &limits = getChipLimits(chip);
  std::vector<Configuration> configurations = listConfigurations(chip, math);
  std::vector<std::string> kernels;
  for (const Configuration &configuration : configurations)
    kernels.push_back(configuration.kernel);
  auto image = compileKernels(kernels, Chip{chip}, ImageForm::PTX, math);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  auto assembled = assembler->assemble(image->text, chip);
  ASSERT_TRUE(bool(assembled)) << llvm::toString(assembled.takeError());
  // What would make warpgroups wait for each product.
  EXPECT_EQ(assembled->report.find("wgmma"), std::string::npos)
      << assembled->report;
  Report report(assembled->report);
  for (const KernelLaunch &launch : image->kernels) {
    std::string name = std::string(chip) + " " + math + " " + launch.symbol;
    StringRef said = report.get(launch.symbol);
    EXPECT_NE(said.find("0 bytes stack frame, 0 bytes spill stores, 0 bytes "
                        "spill loads"),
              StringRef::npos)
        << name << "\n"
        << said.str();
    Resources is;
    is.registers = findNumber(said, "Used ([0-9]+) registers");
    is.staticBytes = findNumber(said, "([0-9]+) bytes smem");
    is.dynamicBytes = launch.sharedBytes;
    is.threads = launch.block[0];
    is.blocks = getBlocksPerMultiprocessor(limits, is.threads, is.registers,
                                           is.staticBytes + is.dynamicBytes);
    EXPECT_GE(is.blocks, 1) << name;
    found[name] = is;
    if (isUpdate)
      continue;
    auto row = committed.find(name);
    ASSERT_NE(row, committed.end()) << name << " is not in the table";
    const Resources &may = row->second;
    EXPECT_LE(is.registers, may.registers) << name;
    EXPECT_EQ(is.staticBytes, may.staticBytes) << name;
    EXPECT_EQ(is.dynamicBytes, may.dynamicBytes) << name;
    EXPECT_EQ(is.threads, may.threads) << name;
    EXPECT_GE(is.blocks, may.blocks) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Chips, KernelResourcesTest,
    testing::Combine(testing::Values("sm_80", "sm_90a", "sm_100"),
                     testing::Values("fp32", "tf32", "bf16")),
    [](const auto &info) {
      return std::string(std::get<0>(info.param)) + "_" +
             std::get<1>(info.param);
    });

} // namespace
