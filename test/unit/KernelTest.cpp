// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vector kernels against the scalar loops of the same operation, on every CPU
// target, with guarded buffers and divided ranges.

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>
#include <sstream>

using namespace mlir;
using namespace mlir::pdq;
using namespace pdqtest;

namespace {

class KernelTest : public testing::TestWithParam<CPUTarget> {
protected:
  void SetUp() override {
    if (!mlir::pdq::isSupported(GetParam()))
      GTEST_SKIP() << "this CPU does not have the instructions";
    compiler = KernelCompiler::create(GetParam(), 1);
  }

  /// Compares all bytes; with a tolerance (relative to `scale`), the f32 and
  /// f64 buffers as numbers.
  void check(const std::string &arguments, const std::string &body,
             double tolerance = 0, bool isVector = true) {
    SCOPED_TRACE(arguments + "\n" + body);
    Kernel vector(arguments, body);
    Kernel scalar(arguments, body, "declined(\"for comparison\")");
    ASSERT_TRUE(vector.compile(*compiler));
    ASSERT_TRUE(scalar.compile(*compiler));
    EXPECT_TRUE(scalar.kernel->isScalar);
    EXPECT_EQ(isVector, !vector.kernel->isScalar);
    auto expected = scalar.makeBuffers(7), actual = expected, parts = expected;
    scalar.run(expected);
    vector.run(actual);
    vector.run(parts, 3);
    for (auto [index, type] : llvm::enumerate(vector.getTypes())) {
      ASSERT_TRUE(actual[index].bytes == parts[index].bytes)
          << "the division of the range changes argument " << index;
      if (tolerance == 0 || !isa<FloatType>(type.getElementType()))
        ASSERT_TRUE(expected[index].bytes == actual[index].bytes)
            << "argument " << index;
      else if (type.getElementType().isF32())
        expectNear<float>(expected[index], actual[index], type, tolerance);
      else
        expectNear<double>(expected[index], actual[index], type, tolerance);
    }
  }

  template <typename T>
  void expectNear(GuardedBuffer &expected, GuardedBuffer &actual,
                  MemRefType type, double tolerance) {
    auto *a = reinterpret_cast<T *>(actual.data());
    auto *e = reinterpret_cast<T *>(expected.data());
    for (int64_t i = 0, n = getSpan(type); i < n; ++i)
      ASSERT_NEAR(e[i], a[i],
                  tolerance * std::max(1.0, std::fabs(double(e[i]))))
          << "element " << i;
    size_t guard = GuardedBuffer::guard;
    EXPECT_EQ(0, memcmp(actual.bytes.data(), expected.bytes.data(), guard));
    EXPECT_EQ(0, memcmp(&*actual.bytes.end() - guard,
                        &*expected.bytes.end() - guard, guard));
  }

  std::unique_ptr<KernelCompiler> compiler;
};

/// A generic with all loops parallel.
std::string elementwise(const std::string &maps, const std::string &iterators,
                        const std::string &operands,
                        const std::string &payload) {
  return "linalg.generic {indexing_maps = [" + maps + "], iterator_types = [" +
         iterators + "]} " + operands + " {\n" + payload + "\n}";
}
const std::string p2 = R"("parallel", "parallel")";
const std::string p3 = R"("parallel", "parallel", "parallel")";
const std::string p4 = R"("parallel", "parallel", "parallel", "parallel")";

TEST_P(KernelTest, Rows) {
  for (int64_t n : {1, 2, 7, 16, 33, 100, 4095, 4096, 4113, 9001}) {
    std::string type = "memref<" + std::to_string(n) + "xf32>";
    check("%a: " + type + ", %b: " + type,
          "linalg.exp ins(%a : " + type + ") outs(%b : " + type + ")");
  }
}

TEST_P(KernelTest, ChannelBroadcast) {
  for (std::string c : {"3", "10", "16", "64"})
    for (std::string order : {"x9x8x" + c, "x" + c + "x9x8"}) {
      std::string type = "memref<2" + order + "xf32>";
      std::string map =
          order.back() == c.back() && order.size() > 5 && order[1] == '9'
              ? "affine_map<(a, b, c, d) -> (d)>"
              : "affine_map<(a, b, c, d) -> (b)>";
      std::string id = "affine_map<(a, b, c, d) -> (a, b, c, d)>";
      check("%x: " + type + ", %s: memref<" + c + "xf32>, %y: " + type,
            elementwise(id + ", " + map + ", " + id, p4,
                        "ins(%x, %s : " + type + ", memref<" + c +
                            "xf32>) outs(%y : " + type + ")",
                        R"(^bb0(%v: f32, %t: f32, %o: f32):
                           %z = arith.constant 0.0 : f32
                           %q = arith.divf %v, %t : f32
                           %r = math.roundeven %q : f32
                           %w = arith.mulf %r, %t : f32
                           %m = arith.maximumf %w, %z : f32
                           %k = arith.addf %m, %o : f32
                           linalg.yield %k : f32)"));
    }
}

TEST_P(KernelTest, MasksAndTypes) {
  std::string id = "affine_map<(a, b) -> (a, b)>";
  check(
      "%x: memref<5x23xf64>, %k: memref<5x23xi1>, %i: memref<23xi32>, "
      "%y: memref<5x23xf64>, %m: memref<5x23xi1>, %n: memref<5x23xi64>, "
      "%p: memref<5x23xi8>",
      elementwise(
          id + ", " + id + ", affine_map<(a, b) -> (b)>, " + id + ", " + id +
              ", " + id + ", " + id,
          p2,
          "ins(%x, %k, %i : memref<5x23xf64>, memref<5x23xi1>, "
          "memref<23xi32>) outs(%y, %m, %n, %p : memref<5x23xf64>, "
          "memref<5x23xi1>, memref<5x23xi64>, memref<5x23xi8>)",
          R"(^bb0(%v: f64, %c: i1, %j: i32, %o0: f64, %o1: i1, %o2: i64, %o3: i8):
               %z = arith.constant 0.25 : f64
               %w = arith.sitofp %j : i32 to f64
               %s = arith.select %c, %v, %w : f64
               %l = arith.cmpf olt, %s, %z : f64
               %r = linalg.index 0 : index
               %q = linalg.index 1 : index
               %t = arith.muli %r, %q : index
               %u = arith.index_cast %t : index to i64
               %b = arith.trunci %j : i32 to i8
               %d = arith.addi %b, %o3 : i8
               linalg.yield %s, %l, %u, %d : f64, i1, i64, i8)"));
}

TEST_P(KernelTest, FusedMultiplyAddOfThePayloadRoundsOnce) {
  std::string id = "affine_map<(i) -> (i)>";
  check("%a: memref<37xf32>, %b: memref<37xf32>",
        elementwise(id + ", " + id, R"("parallel")",
                    "ins(%a : memref<37xf32>) outs(%b : memref<37xf32>)",
                    R"(^bb0(%x: f32, %o: f32):
                       %p = arith.mulf %x, %o : f32
                       %n = arith.negf %p : f32
                       %r = math.fma %x, %o, %n : f32
                       linalg.yield %r : f32)"));
}

TEST_P(KernelTest, LayoutChanges) {
  check("%a: memref<2x5x6x19xf32>, %b: memref<2x6x19x5xf32>",
        "linalg.transpose ins(%a : memref<2x5x6x19xf32>) "
        "outs(%b : memref<2x6x19x5xf32>) permutation = [0, 2, 3, 1]");
  check("%a: memref<4x37xf32>, %b: memref<37x4xf32>",
        "linalg.transpose ins(%a : memref<4x37xf32>) "
        "outs(%b : memref<37x4xf32>) permutation = [1, 0]");
  check("%a: memref<2x4x8x16xf32>, "
        "%b: memref<2x4x8x16xf32, strided<[1600, 320, 24, 1]>>",
        "linalg.copy ins(%a : memref<2x4x8x16xf32>) "
        "outs(%b : memref<2x4x8x16xf32, strided<[1600, 320, 24, 1]>>)");
  check("%b: memref<3x5x18xf32, strided<[400, 40, 2]>>",
        "%z = arith.constant 2.5 : f32\n"
        "linalg.fill ins(%z : f32) "
        "outs(%b : memref<3x5x18xf32, strided<[400, 40, 2]>>)");
  check("%b: memref<i1>", "%z = arith.constant false\n"
                          "linalg.fill ins(%z : i1) outs(%b : memref<i1>)");
  check("%b: memref<1x77x1xi1>",
        "%z = arith.constant true\n"
        "linalg.fill ins(%z : i1) outs(%b : memref<1x77x1xi1>)");
}

TEST_P(KernelTest, FlippedFilter) {
  check("%a: memref<3x3x4x20xf32>, %b: memref<3x3x20x4xf32>",
        elementwise("affine_map<(i, j, c, f) -> (2 - i, 2 - j, f, c)>, "
                    "affine_map<(i, j, c, f) -> (i, j, c, f)>",
                    p4,
                    "ins(%a : memref<3x3x4x20xf32>) "
                    "outs(%b : memref<3x3x20x4xf32>)",
                    "^bb0(%v: f32, %o: f32): linalg.yield %v : f32"));
}

TEST_P(KernelTest, GatherRows) {
  std::string body = elementwise(
      "affine_map<(n, h, c) -> (n)>, affine_map<(n, h, c) -> (n, h, c)>", p3,
      "ins(%i : memref<6xi32>) outs(%y : memref<6x3x21xf32>)",
      R"(^bb0(%row: i32, %o: f32):
         %r = arith.index_cast %row : i32 to index
         %h = linalg.index 1 : index
         %c = linalg.index 2 : index
         %v = memref.load %x[%r, %h, %c] : memref<8x3x21xf32>
         linalg.yield %v : f32)");
  check("%i: memref<6xi32>, %x: memref<8x3x21xf32>, %y: memref<6x3x21xf32>",
        body);
  check("%i: memref<100xi32>, %x: memref<8xf32>, %y: memref<100xf32>",
        elementwise("affine_map<(n) -> (n)>, affine_map<(n) -> (n)>",
                    R"("parallel")",
                    "ins(%i : memref<100xi32>) outs(%y : memref<100xf32>)",
                    R"(^bb0(%row: i32, %o: f32):
         %r = arith.index_cast %row : i32 to index
         %v = memref.load %x[%r] : memref<8xf32>
         linalg.yield %v : f32)"));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// Sizes of a convolution and texts made of them.
struct Conv {
  int64_t n, g, c, f, oh, ow, k, stride, dilation;

  int64_t h() const { return (oh - 1) * stride + (k - 1) * dilation + 1; }
  int64_t w() const { return (ow - 1) * stride + (k - 1) * dilation + 1; }
  /// Text with the letters of `text` replaced by sizes: "NHWC".
  std::string type(const std::string &text) const {
    std::string type = "memref<";
    for (char letter : text) {
      int64_t size = letter == 'N'   ? n
                     : letter == 'G' ? g
                     : letter == 'C' ? c
                     : letter == 'F' ? f
                     : letter == 'K' ? k
                     : letter == 'H' ? h()
                     : letter == 'W' ? w()
                     : letter == 'Y' ? oh
                                     : ow;
      type += std::to_string(size) + "x";
    }
    return type + "f32>";
  }
  std::string pixel(const std::string &out, const std::string &tap) const {
    return out + " * " + std::to_string(stride) + " + " + tap + " * " +
           std::to_string(dilation);
  }
};

/// out += a * b; the loops are named in `loops`, which says "p" or "r" after
/// each name.
std::string contraction(const std::string &loops, const std::string &a,
                        const std::string &b, const std::string &out,
                        const std::string &aType, const std::string &bType,
                        const std::string &outType) {
  std::string names, iterators;
  std::istringstream stream(loops);
  for (std::string name, kind; stream >> name >> kind;) {
    names += (names.empty() ? "" : ", ") + name;
    iterators += std::string(iterators.empty() ? "" : ", ") +
                 (kind == "p" ? "\"parallel\"" : "\"reduction\"");
  }
  auto map = [&](const std::string &results) {
    return "affine_map<(" + names + ") -> (" + results + ")>";
  };
  return elementwise(map(a) + ", " + map(b) + ", " + map(out), iterators,
                     "ins(%a, %b : " + aType + ", " + bType +
                         ") outs(%o : " + outType + ")",
                     "^bb0(%x: f32, %y: f32, %z: f32):\n"
                     "%p = arith.mulf %x, %y : f32\n"
                     "%s = arith.addf %z, %p : f32\n"
                     "linalg.yield %s : f32");
}

TEST_P(KernelTest, Convolutions) {
  std::vector<Conv> sizes = {
      {2, 1, 3, 16, 5, 7, 3, 1, 1},  {1, 1, 16, 32, 4, 16, 3, 1, 1},
      {2, 1, 5, 13, 3, 4, 2, 2, 1},  {1, 1, 8, 48, 9, 9, 1, 1, 1},
      {2, 1, 17, 6, 2, 15, 3, 2, 2}, {1, 1, 1, 1, 3, 3, 3, 1, 1},
      {3, 1, 32, 64, 1, 1, 1, 1, 1}};
  for (const Conv &s : sizes) {
    std::string h = s.pixel("y", "i"), w = s.pixel("x", "j");
    std::string loops[3] = {"n p y p x p f p i r j r c r",
                            "n p y r x r f r i r j r c p",
                            "n r y r x r f p i p j p c p"};
    struct {
      std::string image, imageMap, filter, filterMap, result, resultMap;
    } layouts[] = {{"NHWC", "n, " + h + ", " + w + ", c", "KKCF", "i, j, c, f",
                    "NYXF", "n, y, x, f"},
                   {"NCHW", "n, c, " + h + ", " + w, "FCKK", "f, c, i, j",
                    "NFYX", "n, f, y, x"},
                   {"NHWC", "n, " + h + ", " + w + ", c", "FKKC", "f, i, j, c",
                    "NYXF", "n, y, x, f"}};
    for (auto &l : layouts) {
      std::string x = s.type(l.image), k = s.type(l.filter),
                  y = s.type(l.result);
      auto arguments = [](const std::string &a, const std::string &b,
                          const std::string &o) {
        return "%a: " + a + ", %b: " + b + ", %o: " + o;
      };
      check(
          arguments(x, k, y),
          contraction(loops[0], l.imageMap, l.filterMap, l.resultMap, x, k, y),
          1e-4);
      check(
          arguments(k, y, x),
          contraction(loops[1], l.filterMap, l.resultMap, l.imageMap, k, y, x),
          1e-4);
      check(
          arguments(x, y, k),
          contraction(loops[2], l.imageMap, l.resultMap, l.filterMap, x, y, k),
          1e-4);
    }
  }
}

TEST_P(KernelTest, GroupedAndDepthwise) {
  for (const Conv &s : std::vector<Conv>{{2, 4, 3, 5, 4, 6, 3, 1, 1},
                                         {1, 2, 8, 16, 3, 5, 3, 2, 1},
                                         {2, 19, 1, 1, 5, 4, 3, 1, 1},
                                         {2, 64, 1, 1, 3, 3, 3, 2, 1}}) {
    std::string h = s.pixel("y", "i"), w = s.pixel("x", "j");
    std::string x = s.type("NHWGC"), k = s.type("KKGCF"), y = s.type("NYXGF");
    std::string xm = "n, " + h + ", " + w + ", g, c", km = "i, j, g, c, f",
                ym = "n, y, x, g, f";
    check("%a: " + x + ", %b: " + k + ", %o: " + y,
          contraction("n p y p x p g p f p i r j r c r", xm, km, ym, x, k, y),
          1e-4);
    check("%a: " + k + ", %b: " + y + ", %o: " + x,
          contraction("n p y r x r g p f r i r j r c p", km, ym, xm, k, y, x),
          1e-4);
    check("%a: " + x + ", %b: " + y + ", %o: " + k,
          contraction("n r y r x r g p f p i p j p c p", xm, ym, km, x, y, k),
          1e-4);
  }
}

TEST_P(KernelTest, Matmuls) {
  for (auto [m, n, k] : {std::array<int64_t, 3>{7, 33, 10},
                         {16, 64, 31},
                         {1, 10, 64},
                         {29, 5, 3},
                         {64, 1, 100}}) {
    auto type = [](int64_t a, int64_t b) {
      return "memref<" + std::to_string(a) + "x" + std::to_string(b) + "xf32>";
    };
    std::string loops = "m p n p k r", o = type(m, n);
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        std::string a = ta ? type(k, m) : type(m, k),
                    b = tb ? type(n, k) : type(k, n);
        check("%a: " + a + ", %b: " + b + ", %o: " + o,
              contraction(loops, ta ? "k, m" : "m, k", tb ? "n, k" : "k, n",
                          "m, n", a, b, o),
              1e-4);
      }
  }
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

TEST_P(KernelTest, Sums) {
  std::string id = "affine_map<(a, b, c) -> (a, b, c)>";
  struct {
    std::string iterators, map, type;
  } forms[] = {
      {R"("reduction", "reduction", "reduction")", "", "memref<f32>"},
      {R"("parallel", "reduction", "reduction")", "a", "memref<5xf32>"},
      {R"("reduction", "parallel", "reduction")", "b", "memref<9xf32>"},
      {R"("reduction", "reduction", "parallel")", "c", "memref<70xf32>"},
      {R"("parallel", "reduction", "parallel")", "a, c", "memref<5x70xf32>"},
      {R"("parallel", "parallel", "reduction")", "b, a", "memref<9x5xf32>"}};
  for (auto &form : forms)
    for (std::string combiner :
         {"arith.addf", "arith.maximumf", "arith.minimumf", "arith.maxnumf"})
      check("%x: memref<5x9x70xf32>, %o: " + form.type,
            elementwise(id + ", affine_map<(a, b, c) -> (" + form.map + ")>",
                        form.iterators,
                        "ins(%x : memref<5x9x70xf32>) outs(%o : " + form.type +
                            ")",
                        "^bb0(%v: f32, %s: f32):\n%m = math.absf %v : f32\n"
                        "%e = math.exp %m : f32\n%r = " +
                            combiner + " %s, %e : f32\nlinalg.yield %r : f32"),
            1e-5);
}

TEST_P(KernelTest, OtherTypes) {
  check("%x: memref<7x50xf64>, %o: memref<7xf64>",
        elementwise("affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>",
                    R"("parallel", "reduction")",
                    "ins(%x : memref<7x50xf64>) outs(%o : memref<7xf64>)",
                    "^bb0(%v: f64, %s: f64):\n%r = arith.addf %s, %v : f64\n"
                    "linalg.yield %r : f64"),
        1e-12);
  check("%x: memref<7x50xi1>, %o: memref<7xi32>",
        elementwise("affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>",
                    R"("parallel", "reduction")",
                    "ins(%x : memref<7x50xi1>) outs(%o : memref<7xi32>)",
                    "^bb0(%v: i1, %s: i32):\n%e = arith.extui %v : i1 to i32\n"
                    "%r = arith.addi %s, %e : i32\nlinalg.yield %r : i32"));
  // Products have no vector form; the loops take them.
  check("%x: memref<7x50xf32>, %o: memref<7xf32>",
        elementwise("affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>",
                    R"("parallel", "reduction")",
                    "ins(%x : memref<7x50xf32>) outs(%o : memref<7xf32>)",
                    "^bb0(%v: f32, %s: f32):\n%r = arith.mulf %s, %v : f32\n"
                    "linalg.yield %r : f32"),
        1e-5, /*isVector=*/false);
}

TEST_P(KernelTest, Pooling) {
  for (std::string c : {"3", "16", "40"}) {
    std::string x = "memref<2x9x9x" + c + "xf32>",
                y = "memref<2x4x4x" + c + "xf32>";
    for (std::string kind : {"max", "min", "sum"})
      check("%x: " + x + ", %w: memref<3x3xf32>, %y: " + y,
            "linalg.pooling_nhwc_" + kind +
                " {strides = dense<2> : tensor<2xi64>} ins(%x, %w : " + x +
                ", memref<3x3xf32>) outs(%y : " + y + ")",
            1e-5);
    std::string xc = "memref<2x" + c + "x9x9xf32>",
                yc = "memref<2x" + c + "x4x4xf32>";
    check("%x: " + xc + ", %w: memref<3x3xf32>, %y: " + yc,
          "linalg.pooling_nchw_sum {strides = dense<2> : tensor<2xi64>} "
          "ins(%x, %w : " +
              xc + ", memref<3x3xf32>) outs(%y : " + yc + ")",
          1e-5);
  }
}

/// Scores of candidates of a quantizer: sum |fq(x, s) - x|^2.4.
TEST_P(KernelTest, Scores) {
  check(
      "%x: memref<4x6x7x16xf32>, %s: memref<10x16xf32>, %o: memref<10x16xf32>",
      elementwise(
          "affine_map<(k, n, h, w, c) -> (n, h, w, c)>, "
          "affine_map<(k, n, h, w, c) -> (k, c)>, "
          "affine_map<(k, n, h, w, c) -> (k, c)>",
          R"("parallel", "reduction", "reduction", "reduction", "parallel")",
          "ins(%x, %s : memref<4x6x7x16xf32>, memref<10x16xf32>) outs(%o : "
          "memref<10x16xf32>)",
          R"(^bb0(%v: f32, %t: f32, %o0: f32):
               %p = arith.constant 2.4 : f32
               %q = arith.divf %v, %t : f32
               %r = math.roundeven %q : f32
               %w = arith.mulf %r, %t : f32
               %d = arith.subf %w, %v : f32
               %a = math.absf %d : f32
               %e = math.powf %a, %p : f32
               %u = arith.addf %o0, %e : f32
               linalg.yield %u : f32)"),
      1e-4);
}

INSTANTIATE_TEST_SUITE_P(Targets, KernelTest,
                         testing::Values(CPUTarget::Generic, CPUTarget::AVX2,
                                         CPUTarget::AVX512),
                         [](const auto &info) {
                           return info.param == CPUTarget::AVX512 ? "AVX512"
                                  : info.param == CPUTarget::AVX2 ? "AVX2"
                                                                  : "Generic";
                         });

} // namespace
