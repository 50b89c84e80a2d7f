// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX of every form of kernel, for every supported chip; where ptxas is
// installed it assembles the code, without spills and without a stack.

#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

struct Form {
  const char *name;
  const char *kernel;
  /// Tells forms of the same name apart.
  const char *variant = "";
};

const Form forms[] = {
    {"elementwise", R"mlir(
      plan.kernel @k(%x: memref<32x64xf32> {llvm.align = 16 : i64}, %b: memref<64xf32> {llvm.align = 16 : i64},
                           %y: memref<32x64xf32> {llvm.align = 16 : i64}) {
        linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (n, c)>],
                        iterator_types = ["parallel", "parallel"]}
          ins(%x, %b : memref<32x64xf32>, memref<64xf32>) outs(%y : memref<32x64xf32>) {
        ^bb0(%a: f32, %c: f32, %o: f32):
          %s = arith.divf %a, %c : f32
          %r = math.roundeven %s : f32
          %e = math.exp %r : f32
          %q = math.sqrt %e : f32
          linalg.yield %q : f32
        }
        plan.return
      })mlir"},
    {"shared_reduction", R"mlir(
      plan.kernel @k(%x: memref<64x1000xf32> {llvm.align = 16 : i64}, %y: memref<64xf32> {llvm.align = 16 : i64}) {
        linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n)>],
                        iterator_types = ["parallel", "reduction"]}
          ins(%x : memref<64x1000xf32>) outs(%y : memref<64xf32>) {
        ^bb0(%a: f32, %o: f32):
          %s = arith.maximumf %o, %a : f32
          linalg.yield %s : f32
        }
        plan.return
      })mlir"},
    {"reduction", R"mlir(
      plan.kernel @k(%x: memref<256x64x32x4xf32> {llvm.align = 16 : i64}, %y: memref<256x64x4xf32> {llvm.align = 16 : i64}) {
        linalg.generic {indexing_maps = [affine_map<(n, h, r, c) -> (n, h, r, c)>, affine_map<(n, h, r, c) -> (n, h, c)>],
                        iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
          ins(%x : memref<256x64x32x4xf32>) outs(%y : memref<256x64x4xf32>) {
        ^bb0(%a: f32, %o: f32):
          %m = arith.mulf %a, %a : f32
          %s = arith.addf %o, %m : f32
          linalg.yield %s : f32
        }
        plan.return
      })mlir"},
    {"matrix", R"mlir(
      plan.kernel @k(%x: memref<8x30x30x64xf32> {llvm.align = 16 : i64}, %w: memref<3x3x64x64xf32> {llvm.align = 16 : i64},
                           %y: memref<8x28x28x64xf32> {llvm.align = 16 : i64}) {
        linalg.generic {indexing_maps = [affine_map<(n, h, w, f, i, j, c) -> (n, h + i, w + j, c)>,
                                         affine_map<(n, h, w, f, i, j, c) -> (i, j, c, f)>,
                                         affine_map<(n, h, w, f, i, j, c) -> (n, h, w, f)>],
                        iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
          ins(%x, %w : memref<8x30x30x64xf32>, memref<3x3x64x64xf32>) outs(%y : memref<8x28x28x64xf32>) {
        ^bb0(%a: f32, %b: f32, %o: f32):
          %m = arith.mulf %a, %b : f32
          %s = arith.addf %o, %m : f32
          linalg.yield %s : f32
        }
        plan.return
      })mlir"},
    // With a bias in front and ReLU behind, into a buffer with a border.
    {"matrix", R"mlir(
      plan.kernel @k(%x: memref<8x30x30x64xf32> {llvm.align = 16 : i64}, %w: memref<3x3x64x64xf32> {llvm.align = 16 : i64},
                           %y: memref<8x28x28x64xf32> {llvm.align = 16 : i64, plan.register_only}, %bias: memref<64xf32> {llvm.align = 16 : i64},
                           %z: memref<8x28x28x64xf32, strided<[57600, 1920, 64, 1]>> {llvm.align = 16 : i64}) {
        %zero = arith.constant 0.0 : f32
        linalg.generic {indexing_maps = [affine_map<(n, h, w, f) -> (f)>, affine_map<(n, h, w, f) -> (n, h, w, f)>],
                        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%bias : memref<64xf32>) outs(%y : memref<8x28x28x64xf32>) {
        ^bb0(%a: f32, %o: f32):
          linalg.yield %a : f32
        }
        linalg.generic {indexing_maps = [affine_map<(n, h, w, f, i, j, c) -> (n, h + i, w + j, c)>,
                                         affine_map<(n, h, w, f, i, j, c) -> (i, j, c, f)>,
                                         affine_map<(n, h, w, f, i, j, c) -> (n, h, w, f)>],
                        iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
          ins(%x, %w : memref<8x30x30x64xf32>, memref<3x3x64x64xf32>) outs(%y : memref<8x28x28x64xf32>) {
        ^bb0(%a: f32, %b: f32, %o: f32):
          %m = arith.mulf %a, %b : f32
          %s = arith.addf %o, %m : f32
          linalg.yield %s : f32
        }
        linalg.generic {indexing_maps = [affine_map<(n, h, w, f) -> (n, h, w, f)>, affine_map<(n, h, w, f) -> (n, h, w, f)>],
                        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
          ins(%y : memref<8x28x28x64xf32>) outs(%z : memref<8x28x28x64xf32, strided<[57600, 1920, 64, 1]>>) {
        ^bb0(%a: f32, %o: f32):
          %m = arith.maximumf %a, %zero : f32
          linalg.yield %m : f32
        }
        plan.return
      })mlir",
     "fused_"},
    {"scalar", R"mlir(
      plan.kernel @k(%x: memref<64x8xf32>, %w: memref<3xf32>, %y: memref<64x10xf32>) {
        linalg.generic {indexing_maps = [affine_map<(n, i, k) -> (n, i)>, affine_map<(n, i, k) -> (k)>, affine_map<(n, i, k) -> (n, i + k)>],
                        iterator_types = ["parallel", "reduction", "reduction"]}
          ins(%x, %w : memref<64x8xf32>, memref<3xf32>) outs(%y : memref<64x10xf32>) {
        ^bb0(%a: f32, %b: f32, %o: f32):
          %m = arith.mulf %a, %b : f32
          %s = arith.addf %o, %m : f32
          linalg.yield %s : f32
        }
        plan.return
      })mlir"},
};

class DeviceCodeTest
    : public testing::TestWithParam<std::tuple<Form, const char *>> {};

/// What ptxas says about a file of PTX; empty where it fails.
std::string assemble(StringRef ptxas, StringRef ptx, StringRef chip) {
  llvm::SmallString<128> source, object, log;
  llvm::sys::fs::createTemporaryFile("kernel", "ptx", source);
  llvm::sys::fs::createTemporaryFile("kernel", "cubin", object);
  llvm::sys::fs::createTemporaryFile("kernel", "log", log);
  std::error_code error;
  llvm::raw_fd_ostream(source, error) << ptx;
  std::string arch = ("-arch=" + chip).str();
  StringRef arguments[] = {ptxas, "-v", arch, source, "-o", object};
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log),
                                          StringRef(log)};
  int status =
      llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects);
  auto text = llvm::MemoryBuffer::getFile(log);
  std::string result = text ? (*text)->getBuffer().str() : "";
  EXPECT_EQ(status, 0) << result;
  for (StringRef file : {source, object, log})
    llvm::sys::fs::remove(file);
  return result;
}

TEST_P(DeviceCodeTest, AssemblesWithoutSpills) {
  auto [form, chip] = GetParam();
  auto image =
      compileKernels({std::string(form.kernel)}, Chip{chip}, ImageForm::PTX);
  ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
  ASSERT_EQ(image->kernels.size(), 1u);
  EXPECT_EQ(image->kernels[0].form, form.name);
  EXPECT_NE(image->text.find(std::string(".target ") + chip),
            std::string::npos);
  // No device library is needed.
  EXPECT_EQ(image->text.find("__nv_"), std::string::npos);
  if (std::string(form.name) == "elementwise") {
    EXPECT_NE(image->text.find("ld.global.v4"), std::string::npos)
        << image->text;
    EXPECT_NE(image->text.find("st.global.v4"), std::string::npos);
  }
  auto ptxas = llvm::sys::findProgramByName("ptxas");
  if (!ptxas)
    GTEST_SKIP() << "ptxas is not installed";
  std::string report = assemble(*ptxas, image->text, chip);
  EXPECT_NE(report.find("0 bytes stack frame, 0 bytes spill stores"),
            std::string::npos)
      << report;
}

INSTANTIATE_TEST_SUITE_P(Chips, DeviceCodeTest,
                         testing::Combine(testing::ValuesIn(forms),
                                          testing::Values("sm_80", "sm_90a",
                                                          "sm_100")),
                         [](const auto &info) {
                           const Form &form = std::get<0>(info.param);
                           std::string name = std::string(form.variant) +
                                              form.name + "_" +
                                              std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(DeviceCode, RefusesF64FunctionsOfALibrary) {
  auto image = compileKernels({R"mlir(
      plan.kernel @k(%x: memref<8xf64>, %y: memref<8xf64>) {
        linalg.map { math.exp } ins(%x : memref<8xf64>) outs(%y : memref<8xf64>)
        plan.return
      })mlir"},
                              Chip{"sm_80"}, ImageForm::PTX);
  ASSERT_FALSE(bool(image));
  EXPECT_NE(llvm::toString(image.takeError())
                .find("cannot be executed on a GPU in f64"),
            std::string::npos);
}

} // namespace
