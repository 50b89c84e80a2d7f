// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise kernels move 16 bytes at once, whatever kinds of operands they
// have: every access to global memory in their PTX is counted.

#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "llvm/Support/Error.h"
#include "gtest/gtest.h"
#include <map>
#include <regex>

using namespace mlir;
using namespace mlir::pdq;

namespace {

struct Case {
  const char *name;
  /// Arguments without the range, and the operation.
  const char *arguments, *body;
  /// Loads and stores in the PTX by their bytes, as often as they occur.
  std::map<std::string, int> accesses;
};

const Case cases[] = {
    {"broadcast_along_channels_and_scalar",
     "%x: memref<8x14x14x64xf32> {llvm.align = 16 : i64}, %b: memref<64xf32> "
     "{llvm.align = 16 : i64}, "
     "%s: memref<f32> {llvm.align = 16 : i64}, %y: memref<8x14x14x64xf32> "
     "{llvm.align = 16 : i64}",
     R"mlir(linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (c)>,
                                             affine_map<(n, h, w, c) -> ()>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
                            iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%x, %b, %s : memref<8x14x14x64xf32>, memref<64xf32>, memref<f32>) outs(%y : memref<8x14x14x64xf32>) {
        ^bb0(%a: f32, %c: f32, %f: f32, %o: f32):
          %p = arith.mulf %a, %f : f32
          %r = arith.addf %p, %c : f32
          linalg.yield %r : f32
        })mlir",
     {{"ld 16", 2}, {"ld 4", 1}, {"st 16", 1}}},
    // A bit takes a byte: four of them are 32 bits.
    {"mask_that_is_read",
     "%x: memref<32x1000xf32> {llvm.align = 16 : i64}, %m: memref<32x1000xi1> "
     "{llvm.align = 16 : i64}, "
     "%y: memref<32x1000xf32> {llvm.align = 16 : i64}",
     R"mlir(%zero = arith.constant 0.0 : f32
        linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>],
                        iterator_types = ["parallel", "parallel"]}
          ins(%x, %m : memref<32x1000xf32>, memref<32x1000xi1>) outs(%y : memref<32x1000xf32>) {
        ^bb0(%a: f32, %b: i1, %o: f32):
          %r = arith.select %b, %a, %zero : f32
          linalg.yield %r : f32
        })mlir",
     {{"ld 16", 1}, {"ld 4", 1}, {"st 16", 1}}},
    {"mask_that_is_written_beside_another_result",
     "%x: memref<32x1000xf32> {llvm.align = 16 : i64}, %m: memref<32x1000xi1> "
     "{llvm.align = 16 : i64}, "
     "%y: memref<32x1000xf32> {llvm.align = 16 : i64}",
     R"mlir(%zero = arith.constant 0.0 : f32
        linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>],
                        iterator_types = ["parallel", "parallel"]}
          ins(%x : memref<32x1000xf32>) outs(%m, %y : memref<32x1000xi1>, memref<32x1000xf32>) {
        ^bb0(%a: f32, %p: i1, %o: f32):
          %b = arith.cmpf ogt, %a, %zero : f32
          %r = arith.maximumf %a, %zero : f32
          linalg.yield %b, %r : i1, f32
        })mlir",
     {{"ld 16", 1}, {"st 4", 1}, {"st 16", 1}}},
    {"bytes",
     "%q: memref<32x1000xi8> {llvm.align = 16 : i64}, %y: memref<32x1000xf32> "
     "{llvm.align = 16 : i64}",
     R"mlir(linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>],
                            iterator_types = ["parallel", "parallel"]}
          ins(%q : memref<32x1000xi8>) outs(%y : memref<32x1000xf32>) {
        ^bb0(%a: i8, %o: f32):
          %r = arith.sitofp %a : i8 to f32
          linalg.yield %r : f32
        })mlir",
     {{"ld 4", 1}, {"st 16", 1}}},
    // The inside of an image with a border, which starts behind a line.
    {"inside_of_a_border",
     "%x: memref<8x14x14x24xf32> {llvm.align = 16 : i64}, "
     "%y: memref<8x14x14x24xf32, strided<[6144, 384, 24, 1]>> {llvm.align = 16 "
     ": i64}",
     R"mlir(linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
                            iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%x : memref<8x14x14x24xf32>) outs(%y : memref<8x14x14x24xf32, strided<[6144, 384, 24, 1]>>) {
        ^bb0(%a: f32, %o: f32):
          %r = math.absf %a : f32
          linalg.yield %r : f32
        })mlir",
     {{"ld 16", 1}, {"st 16", 1}}},
    // Samples that are chosen by a table.
    {"rows_chosen_by_data",
     "%x: memref<1024x8x8x32xf32> {llvm.align = 16 : i64}, %t: memref<32xi32> "
     "{llvm.align = 16 : i64}, "
     "%y: memref<32x8x8x32xf32> {llvm.align = 16 : i64}",
     R"mlir(linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
                            iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%t : memref<32xi32>) outs(%y : memref<32x8x8x32xf32>) {
        ^bb0(%i: i32, %o: f32):
          %n = arith.index_cast %i : i32 to index
          %h = linalg.index 1 : index
          %w = linalg.index 2 : index
          %c = linalg.index 3 : index
          %r = memref.load %x[%n, %h, %w, %c] : memref<1024x8x8x32xf32>
          linalg.yield %r : f32
        })mlir",
     {{"ld 4", 1}, {"ld 16", 1}, {"st 16", 1}}},
    // Sums in f64: 32 bytes in two moves.
    {"doubles",
     "%x: memref<4096xf64> {llvm.align = 16 : i64}, %y: memref<4096xf64> "
     "{llvm.align = 16 : i64}",
     R"mlir(linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]}
          ins(%x : memref<4096xf64>) outs(%y : memref<4096xf64>) {
        ^bb0(%a: f64, %o: f64):
          %r = arith.mulf %a, %a : f64
          linalg.yield %r : f64
        })mlir",
     {{"ld 16", 2}, {"st 16", 2}}},
};

class ElementwiseCodeTest
    : public testing::TestWithParam<std::tuple<Case, const char *>> {};

TEST_P(ElementwiseCodeTest, MovesWholeVectors) {
  auto [kernel, chip] = GetParam();
  std::string text = std::string("plan.kernel @k(") + kernel.arguments + ") {" +
                     kernel.body + "\nplan.return }";
  auto image = compileKernels({text}, Chip{chip}, ImageForm::PTX);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  EXPECT_EQ(image->kernels[0].form, "elementwise");
  // Arguments are loaded as parameters; all else is an access to memory.
  std::map<std::string, int> accesses;
  std::regex pattern(
      "\\b(ld|st)\\.(?!param)(global\\.)?(v([248])\\.)?[a-z](8|16|32|64)\\b");
  std::string ptx = image->text;
  for (std::sregex_iterator it(ptx.begin(), ptx.end(), pattern), end; it != end;
       ++it) {
    int lanes = (*it)[4].matched ? std::stoi((*it)[4]) : 1;
    ++accesses[(*it)[1].str() + " " +
               std::to_string(lanes * std::stoi((*it)[5]) / 8)];
    // Known to be in global memory.
    EXPECT_TRUE((*it)[2].matched) << it->str();
  }
  EXPECT_EQ(accesses, kernel.accesses) << image->text;
}

INSTANTIATE_TEST_SUITE_P(Operands, ElementwiseCodeTest,
                         testing::Combine(testing::ValuesIn(cases),
                                          testing::Values("sm_80", "sm_90a",
                                                          "sm_100")),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param).name) +
                                  "_" + std::get<1>(info.param);
                         });

} // namespace
