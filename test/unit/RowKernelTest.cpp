// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of rows, executed on the simulated device, against plain loops in
// double precision; the CPU computes the same functions.

#include "ProgramHarness.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {

class RowKernelTest : public ProgramTest {};

HostTensor makeWaves(ArrayRef<int64_t> shape, double frequency) {
  HostTensor tensor(shape, ElementType::F32);
  for (auto [i, value] : llvm::enumerate(tensor.values<float>()))
    value = std::sin(frequency * i);
  return tensor;
}

/// Of every row: the maximum, the sum of exponentials, the softmax, and its
/// entropy. 10 columns: less than a warp; 37 columns: no vectors; 64: vectors.
std::string printSoftmax(int64_t columns) {
  std::string matrix = "tensor<5x" + std::to_string(columns) + "xf32>";
  return R"(
    #id = affine_map<(n, k) -> (n, k)>
    #row = affine_map<(n, k) -> (n)>
    func.func @f(%x: )" +
         matrix + R"() -> tensor<5xf32> {
      %lowest = arith.constant 0xFF800000 : f32
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : )" +
         matrix + R"(
      %r = tensor.empty() : tensor<5xf32>
      %i = linalg.fill ins(%lowest : f32) outs(%r : tensor<5xf32>) -> tensor<5xf32>
      %z = linalg.fill ins(%zero : f32) outs(%r : tensor<5xf32>) -> tensor<5xf32>
      %max = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : )" +
         matrix + R"() outs(%i : tensor<5xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.maximumf %o, %a : f32
        linalg.yield %m : f32
      } -> tensor<5xf32>
      %exp = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %max : )" +
         matrix + R"(, tensor<5xf32>) outs(%e : )" + matrix + R"() {
      ^bb0(%a: f32, %m: f32, %o: f32):
        %d = arith.subf %a, %m : f32
        %v = math.exp %d : f32
        linalg.yield %v : f32
      } -> )" +
         matrix + R"(
      %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%exp : )" +
         matrix + R"() outs(%z : tensor<5xf32>) {
      ^bb0(%a: f32, %o: f32):
        %s = arith.addf %o, %a : f32
        linalg.yield %s : f32
      } -> tensor<5xf32>
      %entropy = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
        ins(%exp, %sum : )" +
         matrix + R"(, tensor<5xf32>) outs(%z : tensor<5xf32>) {
      ^bb0(%a: f32, %s: f32, %o: f32):
        %p = arith.divf %a, %s : f32
        %l = math.log %p : f32
        %t = arith.mulf %p, %l : f32
        %d = arith.subf %zero, %t : f32
        %n = arith.addf %o, %d : f32
        linalg.yield %n : f32
      } -> tensor<5xf32>
      return %entropy : tensor<5xf32>
    })";
}

TEST_P(RowKernelTest, Softmax) {
  for (int64_t columns : {10, 37, 64, 1000}) {
    std::vector<HostTensor> inputs;
    inputs.push_back(makeWaves({5, columns}, 0.7));
    HostTensor result =
        run(printSoftmax(columns), inputs, {5}, ElementType::F32);
    for (int64_t row = 0; row < 5; ++row) {
      double sum = 0, entropy = 0;
      ArrayRef<float> values =
          inputs[0].values<float>().slice(row * columns, columns);
      for (float value : values)
        sum += std::exp(value);
      for (float value : values)
        entropy -= std::exp(value) / sum * std::log(std::exp(value) / sum);
      EXPECT_NEAR(result.values<float>()[row], entropy, 1e-5 * entropy)
          << "row " << row << " of " << columns;
    }
  }
}

/// The squared distance of two images whose channels come last in memory, a
/// sum over everything, and the root of it: rows, then one block.
TEST_P(RowKernelTest, SumOverEverything) {
  const char *source = R"(
    #id = affine_map<(n, c, h, w) -> (n, h, w, c)>
    #one = affine_map<(n, c, h, w) -> ()>
    #scalar = affine_map<() -> ()>
    func.func @f(%x: tensor<6x7x11x10xf32>, %y: tensor<6x7x11x10xf32>) -> tensor<f32> {
      %zero = arith.constant dense<0.5> : tensor<f32>
      %e = tensor.empty() : tensor<f32>
      %d = linalg.generic {indexing_maps = [#id, #id, #one],
          iterator_types = ["reduction", "reduction", "reduction", "reduction"]}
        ins(%x, %y : tensor<6x7x11x10xf32>, tensor<6x7x11x10xf32>) outs(%zero : tensor<f32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %v = arith.subf %a, %b : f32
        %q = arith.mulf %v, %v : f32
        %s = arith.addf %o, %q : f32
        linalg.yield %s : f32
      } -> tensor<f32>
      %r = linalg.generic {indexing_maps = [#scalar, #scalar], iterator_types = []}
        ins(%d : tensor<f32>) outs(%e : tensor<f32>) {
      ^bb0(%a: f32, %o: f32):
        %v = math.sqrt %a : f32
        linalg.yield %v : f32
      } -> tensor<f32>
      return %r : tensor<f32>
    })";
  std::vector<HostTensor> inputs;
  for (double frequency : {0.7, 1.1})
    inputs.push_back(makeWaves({6, 7, 11, 10}, frequency));
  double sum = 0.5;
  for (auto [a, b] :
       llvm::zip(inputs[0].values<float>(), inputs[1].values<float>()))
    sum += (double(a) - b) * (double(a) - b);
  float result = run(source, inputs, {}, ElementType::F32).values<float>()[0];
  EXPECT_NEAR(result, std::sqrt(sum), 1e-5 * std::sqrt(sum));
}

INSTANTIATE_TEST_SUITE_P(Targets, RowKernelTest, testing::Values("cpu", "cuda"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
