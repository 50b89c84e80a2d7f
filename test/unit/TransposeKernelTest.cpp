// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations on tensors that lie across each other, executed by the
// simulated device, against plain loops.

#include "ProductHarness.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "pdq/Runtime/CUDA/PTXAssembler.h"

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;

namespace {

/// y[i] = x[permuted i] * z[i] + row[last i], where dimension d of x is
/// dimension permutation[d] of y.
struct Transpose {
  const char *name;
  std::vector<int64_t> shape;
  std::vector<unsigned> permutation;

  std::vector<int64_t> getInputShape() const {
    std::vector<int64_t> input;
    for (unsigned dim : permutation)
      input.push_back(shape[dim]);
    return input;
  }
};

const Transpose transposes[] = {
    {"matrix", {70, 67}, {1, 0}},
    {"few_rows", {300, 17}, {1, 0}},
    // The filter of a convolution and its gradient.
    {"filter_to_channels_last", {3, 3, 20, 33}, {3, 2, 0, 1}},
    {"filter_from_channels_last", {33, 20, 3, 3}, {2, 3, 1, 0}},
    {"images_to_channels_last", {2, 7, 9, 40}, {0, 3, 1, 2}},
    {"images_from_channels_last", {2, 40, 7, 9}, {0, 2, 3, 1}},
    // Many numbers a line: 64 x 65 elements.
    {"batch_of_matrices", {3, 64, 65}, {0, 2, 1}},
};

std::string printDims(ArrayRef<unsigned> dims) {
  std::string text;
  for (auto [place, dim] : llvm::enumerate(dims))
    text += (place ? ", d" : "d") + std::to_string(dim);
  return text;
}

/// The operation on %x, %z, %row and %y.
std::string printOperation(const Transpose &transpose, StringRef kind) {
  SmallVector<unsigned> all = llvm::to_vector(
      llvm::seq<unsigned>(static_cast<unsigned>(transpose.shape.size())));
  std::string from = "affine_map<(" + printDims(all) + ") -> (";
  auto map = [&](ArrayRef<unsigned> dims) {
    return from + printDims(dims) + ")>";
  };
  std::string type = printType(transpose.shape, kind);
  std::string loops = "\"parallel\"";
  for (size_t i = 1; i < transpose.shape.size(); ++i)
    loops += ", \"parallel\"";
  return "linalg.generic {indexing_maps = [" + map(transpose.permutation) +
         ", " + map(all) + ", " + map(all.back()) + ", " + map(all) +
         "], iterator_types = [" + loops +
         "]} ins(%x, %z, %row : " + printType(transpose.getInputShape(), kind) +
         ", " + type + ", " + printType(transpose.shape.back(), kind) +
         ") outs(%y : " + type +
         R"() {
    ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
      %m = arith.mulf %a, %b : f32
      %s = arith.addf %m, %c : f32
      linalg.yield %s : f32
    })" + (kind == "tensor" ? " -> " + type : "");
}

class TransposeKernelTest : public testing::TestWithParam<Transpose> {};

TEST_P(TransposeKernelTest, ComputesEveryElement) {
  const Transpose &transpose = GetParam();
  std::string type = printType(transpose.shape, "tensor");
  std::string source =
      "func.func @f(%x: " + printType(transpose.getInputShape(), "tensor") +
      ", %z: " + type +
      ", %row: " + printType(transpose.shape.back(), "tensor") + ") -> " +
      type + " {\n%y = tensor.empty() : " + type +
      "\n%r = " + printOperation(transpose, "tensor") +
      "\nreturn %r : " + type + "\n}";
  HostTensor tensors[] = {makeRandom(transpose.getInputShape(), 1),
                          makeRandom(transpose.shape, 2),
                          makeRandom(transpose.shape.back(), 3)};
  std::vector<std::string> forms;
  HostTensor found =
      runFunction(source, tensors, transpose.shape, "fp32", &forms);
  EXPECT_EQ(forms, std::vector<std::string>{"transpose"});
  std::vector<int64_t> counter(transpose.shape.size(), 0);
  for (auto [place, value] : llvm::enumerate(found.values<float>())) {
    int64_t address = 0;
    for (unsigned dim : transpose.permutation)
      address = address * transpose.shape[dim] + counter[dim];
    float expected =
        tensors[0].values<float>()[address] * tensors[1].values<float>()[place];
    expected += tensors[2].values<float>()[counter.back()];
    ASSERT_NEAR(value, expected, 1e-6) << "element " << place;
    for (size_t dim = counter.size();
         dim > 0 && ++counter[dim - 1] == transpose.shape[dim - 1];)
      counter[--dim] = 0;
  }
}

TEST_P(TransposeKernelTest, AssemblesWithoutSpills) {
  const Transpose &transpose = GetParam();
  auto ptxas = llvm::cantFail(PTXAssembler::find());
  if (!ptxas)
    GTEST_SKIP() << "ptxas is not installed";
  std::string type = printType(transpose.shape, "memref");
  std::string kernel =
      "plan.kernel @k(%x: " + printType(transpose.getInputShape(), "memref") +
      ", %z: " + type +
      ", %row: " + printType(transpose.shape.back(), "memref") +
      ", %y: " + type + ") {\n" + printOperation(transpose, "memref") +
      "\nplan.return }";
  for (const char *chip : {"sm_80", "sm_90a", "sm_100"}) {
    auto image = compileKernels({kernel}, Chip{chip}, ImageForm::PTX);
    ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
    EXPECT_EQ(image->kernels[0].form, "transpose");
    auto result = ptxas->assemble(image->text, chip);
    ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
    EXPECT_NE(result->report.find("0 bytes stack frame, 0 bytes spill stores"),
              std::string::npos)
        << result->report;
  }
}

INSTANTIATE_TEST_SUITE_P(Tensors, TransposeKernelTest,
                         testing::ValuesIn(transposes),
                         [](const testing::TestParamInfo<Transpose> &info) {
                           return std::string(info.param.name);
                         });

} // namespace
