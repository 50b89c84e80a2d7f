// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products on tensor cores, executed by the simulated device, against plain
// loops in double precision: convolutions in all three directions, with sizes
// that no tile divides, in both precisions.

#include "../../lib/Execution/GPU/DeviceCode.h"
#include "ProgramHarness.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// result[i] += sum over the others of lhs * rhs, as a linalg.generic.
struct Product {
  const char *name;
  /// Extents of the loops, and which of them are reductions.
  std::vector<int64_t> extents;
  std::vector<bool> isReduction;
  /// Indices of each operand as sums of loop * factor.
  using Index = std::vector<std::pair<int, int64_t>>;
  std::vector<Index> lhs, rhs, output;
};

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

std::vector<int64_t> getShape(const Product &product,
                              const std::vector<Product::Index> &indices) {
  std::vector<int64_t> shape;
  for (const Product::Index &index : indices) {
    int64_t last = 0;
    for (auto [loop, factor] : index)
      last += (product.extents[loop] - 1) * factor;
    shape.push_back(last + 1);
  }
  return shape;
}

std::string printType(ArrayRef<int64_t> shape, StringRef kind) {
  std::string text = (kind + "<").str();
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

std::string printMap(const Product &product,
                     const std::vector<Product::Index> &indices) {
  std::string text = "affine_map<(";
  for (size_t i = 0; i < product.extents.size(); ++i)
    text += (i ? ", d" : "d") + std::to_string(i);
  text += ") -> (";
  for (auto [place, index] : llvm::enumerate(indices)) {
    text += place ? ", " : "";
    for (auto [number, term] : llvm::enumerate(index))
      text += (number ? " + d" : "d") + std::to_string(term.first) + " * " +
              std::to_string(term.second);
  }
  return text + ")>";
}

/// The operation on operands %x, %w, %y of this kind of type.
std::string printProduct(const Product &product, StringRef kind) {
  std::string types = printType(getShape(product, product.lhs), kind) + ", " +
                      printType(getShape(product, product.rhs), kind);
  std::string result = printType(getShape(product, product.output), kind);
  std::string text =
      "linalg.generic {indexing_maps = [" + printMap(product, product.lhs) +
      ", " + printMap(product, product.rhs) + ", " +
      printMap(product, product.output) + "], iterator_types = [";
  for (size_t i = 0; i < product.extents.size(); ++i)
    text += std::string(i ? ", " : "") +
            (product.isReduction[i] ? "\"reduction\"" : "\"parallel\"");
  text += "]} ins(%x, %w : " + types + ") outs(%y : " + result + R"() {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %m = arith.mulf %a, %b : f32
      %s = arith.addf %o, %m : f32
      linalg.yield %s : f32
    })";
  return text + (kind == "tensor" ? " -> " + result : "");
}

HostTensor makeRandom(ArrayRef<int64_t> shape, uint32_t seed) {
  HostTensor tensor(shape, ElementType::F32);
  for (float &value : tensor.values<float>()) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<int32_t>(seed) / 2147483648.0f;
  }
  return tensor;
}

/// The plain loops; `sums` starts as the result's initial value.
void compute(const Product &product, const HostTensor &lhs,
             const HostTensor &rhs, std::vector<double> &sums) {
  std::vector<int64_t> counter(product.extents.size(), 0);
  auto at = [&](const std::vector<Product::Index> &indices) {
    int64_t address = 0;
    std::vector<int64_t> shape = getShape(product, indices);
    for (auto [dim, index] : llvm::enumerate(indices)) {
      int64_t position = 0;
      for (auto [loop, factor] : index)
        position += counter[loop] * factor;
      address = address * shape[dim] + position;
    }
    return address;
  };
  while (true) {
    sums[at(product.output)] += double(lhs.values<float>()[at(product.lhs)]) *
                                rhs.values<float>()[at(product.rhs)];
    size_t loop = counter.size();
    while (loop > 0 && ++counter[loop - 1] == product.extents[loop - 1])
      counter[--loop] = 0;
    if (loop == 0)
      return;
  }
}

class MatrixKernelTest : public testing::TestWithParam<Product> {
protected:
  /// The largest error, relative to the largest element of the result.
  double findError(StringRef math);
};

double MatrixKernelTest::findError(StringRef math) {
  const Product &product = GetParam();
  DialectRegistry registry;
  registerAllDialects(registry);
  Executor::getDependentDialects(registry);
  MLIRContext context(registry);
  setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
  ExecutorOptions options;
  options.math = math.str();
  auto executor = llvm::cantFail(Executor::createCUDA(&context, options));
  std::string source =
      "func.func @f(%x: " +
      printType(getShape(product, product.lhs), "tensor") +
      ", %w: " + printType(getShape(product, product.rhs), "tensor") +
      ", %y: " + printType(getShape(product, product.output), "tensor") +
      ") -> " + printType(getShape(product, product.output), "tensor") +
      " {\n  %r = " + printProduct(product, "tensor") + "\n  return %r : " +
      printType(getShape(product, product.output), "tensor") + "\n}";
  auto module = parseSourceString<ModuleOp>(source, &context);
  EXPECT_TRUE(module) << source;
  auto executable = executor->compile(*module);
  EXPECT_TRUE(succeeded(executable));
  HostTensor lhs = makeRandom(getShape(product, product.lhs), 1);
  HostTensor rhs = makeRandom(getShape(product, product.rhs), 2);
  HostTensor init = makeRandom(getShape(product, product.output), 3);
  SmallVector<BufferRef> arguments;
  for (const HostTensor *tensor : {&lhs, &rhs, &init}) {
    arguments.push_back(
        executor->allocate(tensor->getShape(), ElementType::F32));
    arguments.back()->write(*tensor);
  }
  BufferRef result = executor->allocate(init.getShape(), ElementType::F32);
  // The second and third call replay a graph.
  for (int call = 0; call < 3; ++call)
    (*executable)->call("f", arguments, {result});
  std::vector<double> expected(init.values<float>().begin(),
                               init.values<float>().end());
  compute(product, lhs, rhs, expected);
  double largest = 0, error = 0;
  HostTensor found = result->read();
  for (auto [value, exact] : llvm::zip_equal(found.values<float>(), expected)) {
    largest = std::max(largest, std::fabs(exact));
    error = std::max(error, std::fabs(value - exact));
  }
  return error / largest;
}

TEST_P(MatrixKernelTest, HasThePrecisionOfF32) {
  EXPECT_LE(findError("fp32"), 3e-7);
}

/// Not better than it can be, either: the option does reach the kernel.
TEST_P(MatrixKernelTest, HasThePrecisionOfTF32) {
  double error = findError("tf32");
  EXPECT_LE(error, 1e-3);
  EXPECT_GE(error, 1e-5);
}

/// The kernel does run on tensor cores, with copies of 16 bytes where rows are
/// contiguous.
TEST_P(MatrixKernelTest, TakesTensorCores) {
  const Product &product = GetParam();
  auto argument = [&](const char *name, const auto &indices) {
    return std::string(name) + ": " +
           printType(getShape(product, indices), "memref") +
           " {llvm.align = 16 : i64}, ";
  };
  std::string kernel =
      "func.func private @k(" + argument("%x", product.lhs) +
      argument("%w", product.rhs) + argument("%y", product.output) +
      "%begin: index, %end: index) attributes {pdq.kernel} {\n" +
      printProduct(product, "memref") + "\n  return\n}";
  auto image = compileKernels({kernel}, Chip{"sm_80"}, ImageForm::PTX);
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
