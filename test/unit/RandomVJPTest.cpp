// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of random convolutions, poolings and generic operations against
// central differences in 64 bits; the same ones in every run.

#include "DifferenceHarness.h"
#include "llvm/ADT/StringExtras.h"
#include <map>
#include <random>
#include <set>

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Draws that are the same with every standard library.
class Draws {
public:
  explicit Draws(unsigned seed) : random(seed) {}
  int64_t pick(int64_t from, int64_t to) {
    return from + static_cast<int64_t>(random() % (to - from + 1));
  }
  bool chance(int64_t percent) { return pick(0, 99) < percent; }

private:
  std::mt19937 random;
};

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

/// A named operation; a letter for each dimension of its operands: n batch, g
/// group, c and f channels of the input and of the output, m channels per
/// channel; h and w the image, k and l the window, i and j the result.
struct WindowForm {
  const char *name, *input, *filter, *output;
};

const WindowForm convolutions[] = {
    {"conv_2d_nchw_fchw", "nchw", "fckl", "nfij"},
    {"conv_2d_nhwc_hwcf", "nhwc", "klcf", "nijf"},
    {"conv_2d_nhwc_fhwc", "nhwc", "fklc", "nijf"},
    {"conv_2d_ngchw_gfchw", "ngchw", "gfckl", "ngfij"},
    {"conv_2d_ngchw_fgchw", "ngchw", "fgckl", "ngfij"},
    {"depthwise_conv_2d_nchw_chw", "nchw", "ckl", "ncij"},
    {"depthwise_conv_2d_nhwc_hwc", "nhwc", "klc", "nijc"},
    {"depthwise_conv_2d_nhwc_hwcm", "nhwc", "klcm", "nijcm"},
};
const WindowForm poolings[] = {
    {"pooling_nchw_sum", "nchw", "kl", "ncij"},
    {"pooling_nhwc_sum", "nhwc", "kl", "nijc"},
    {"pooling_nchw_max", "nchw", "kl", "ncij"},
    {"pooling_nhwc_min", "nhwc", "kl", "nijc"},
};

/// A window along one dimension of the image.
struct Axis {
  int64_t image, window, stride, dilation, padding, positions;

  int64_t getRest() const {
    return image + 2 * padding - dilation * (window - 1) - 1;
  }
};

/// Draws until the window fits at least once.
Axis drawAxis(Draws &draws, int64_t maxWindow) {
  Axis axis;
  do {
    axis.image = draws.pick(3, 7);
    axis.window = draws.pick(1, maxWindow);
    axis.stride = draws.pick(1, 3);
    axis.dilation = draws.pick(1, 2);
    axis.padding = draws.pick(0, axis.window - 1);
  } while (axis.getRest() < 0);
  axis.positions = axis.getRest() / axis.stride + 1;
  return axis;
}

using Sizes = std::map<char, int64_t>;

SmallVector<int64_t> getShape(StringRef dims, const Sizes &sizes) {
  return llvm::map_to_vector(dims, [&](char dim) { return sizes.at(dim); });
}

std::string getTypeText(StringRef dims, const Sizes &sizes) {
  return pdq::getTypeText(getShape(dims, sizes));
}

/// Pads %x with %edge where the image lies in it.
std::string padText(StringRef dims, Sizes sizes, const Axis &rows,
                    const Axis &columns) {
  std::string before = getTypeText(dims, sizes);
  SmallVector<std::string> widths, indices;
  for (char dim : dims) {
    int64_t width = dim == 'h'   ? rows.padding
                    : dim == 'w' ? columns.padding
                                 : 0;
    sizes[dim] += 2 * width;
    widths.push_back(std::to_string(width));
    indices.push_back("%p" + std::to_string(indices.size()) + ": index");
  }
  std::string all = "[" + llvm::join(widths, ", ") + "]";
  return "%padded = tensor.pad %x low" + all + " high" + all + " {\n^bb0(" +
         llvm::join(indices, ", ") +
         "):\n  tensor.yield %edge : f64\n} : " + before + " to " +
         getTypeText(dims, sizes) + "\n";
}

/// A function of %x, the filter %w of a convolution, and %b, with which the
/// result starts.
std::string buildWindow(const WindowForm &form, const Sizes &sizes,
                        const Axis &rows, const Axis &columns) {
  StringRef name = form.name;
  bool pools = name.starts_with("pooling");
  Sizes padded = sizes;
  padded['h'] += 2 * rows.padding;
  padded['w'] += 2 * columns.padding;
  std::string input = getTypeText(form.input, sizes),
              image = getTypeText(form.input, padded),
              filter = getTypeText(form.filter, sizes),
              output = getTypeText(form.output, sizes);
  auto pair = [](int64_t first, int64_t second) {
    return "dense<[" + std::to_string(first) + ", " + std::to_string(second) +
           "]> : vector<2xi64>";
  };
  // Padding never wins against the image.
  StringRef edge = name.ends_with("max")   ? "-9.0"
                   : name.ends_with("min") ? "9.0"
                                           : "0.0";
  std::string body = "%edge = arith.constant " + edge.str() + " : f64\n" +
                     padText(form.input, sizes, rows, columns);
  if (pools)
    body += "%w = tensor.empty() : " + filter + "\n";
  body += "%y = linalg." + name.str() +
          " {strides = " + pair(rows.stride, columns.stride) +
          ", dilations = " + pair(rows.dilation, columns.dilation) +
          "} ins(%padded, %w : " + image + ", " + filter +
          ") outs(%b : " + output + ") -> " + output;
  std::string arguments = "%x: " + input + ", %b: " + output;
  if (!pools)
    arguments += ", %w: " + filter;
  return withSquaredSum(arguments, body, getShape(form.output, sizes));
}

class RandomVJPTest : public DifferenceTest {
protected:
  /// Checks `count` draws of a form, with whatever is differentiable.
  void checkDraws(const WindowForm &form, int count, Draws &draws) {
    bool pools = StringRef(form.name).starts_with("pooling");
    bool sums = !pools || StringRef(form.name).ends_with("sum");
    for (int number = 0; number < count; ++number) {
      Axis rows = drawAxis(draws, number == 0 ? 1 : 5);
      Axis columns = drawAxis(draws, number == 0 ? 1 : 5);
      record(rows);
      Sizes sizes{{'n', draws.pick(1, 3)}, {'g', draws.pick(1, 3)},
                  {'c', draws.pick(1, 4)}, {'f', draws.pick(1, 4)},
                  {'m', draws.pick(1, 2)}, {'h', rows.image},
                  {'w', columns.image},    {'k', rows.window},
                  {'l', columns.window},   {'i', rows.positions},
                  {'j', columns.positions}};
      std::string source = buildWindow(form, sizes, rows, columns);
      SCOPED_TRACE(source);
      SmallVector<int64_t> wrt{0};
      if (sums) // What a maximum starts from is a constant.
        wrt.push_back(1);
      if (!pools)
        wrt.push_back(2);
      check(source, wrt);
    }
  }

  void record(const Axis &axis) {
    if (axis.getRest() % axis.stride)
      traps.insert("unread border");
    if (axis.window == 1 && axis.stride > 1)
      traps.insert("stride without window");
    if (axis.dilation * (axis.window - 1) + 1 > axis.image)
      traps.insert("window beyond image");
    if (axis.stride > axis.window)
      traps.insert("gaps");
    if (axis.dilation > 1 && axis.stride > 1)
      traps.insert("dilation with stride");
  }

  /// Cases with their own mistakes, which the draws are to contain.
  std::set<std::string> traps;
};

TEST_F(RandomVJPTest, Convolutions) {
  Draws draws(3);
  for (const WindowForm &form : convolutions)
    checkDraws(form, 4, draws);
  EXPECT_EQ(traps.size(), 5u);
}

TEST_F(RandomVJPTest, Poolings) {
  Draws draws(5);
  for (const WindowForm &form : poolings)
    checkDraws(form, 3, draws);
}

//===----------------------------------------------------------------------===//
// Generic operations
//===----------------------------------------------------------------------===//

/// Draws the payload of a generic operation: scalars that depend smoothly on
/// earlier ones and stay of the size of one.
class PayloadText {
public:
  PayloadText(Draws &draws, SmallVector<std::string> values)
      : draws(draws), values(std::move(values)) {}

  /// Adds `count` steps; returns the last scalar, on which every argument has
  /// an influence.
  std::string draw(int count) {
    for (int i = 0; i < count; ++i)
      addStep();
    std::string sum = values.front();
    for (StringRef value : ArrayRef(values).drop_front())
      sum = add("arith.addf " + sum + ", " + value.str());
    return sum;
  }

  std::string text;

private:
  std::string add(const std::string &operation) {
    std::string name = "%v" + std::to_string(number++);
    text += "  " + name + " = " + operation + " : f64\n";
    return name;
  }
  std::string any() { return values[draws.pick(0, values.size() - 1)]; }

  /// 1.5 + sin(x), where something positive is needed.
  std::string addPositive() {
    std::string offset = add("arith.constant 1.5");
    return add("arith.addf " + offset + ", " + add("math.sin " + any()));
  }

  void addStep() {
    static constexpr const char *unary[] = {"arith.negf", "math.tanh",
                                            "math.sin",   "math.cos",
                                            "math.erf",   "math.absf"};
    static constexpr const char *binary[] = {"arith.addf", "arith.subf",
                                             "arith.mulf", "arith.maximumf",
                                             "arith.minimumf"};
    static constexpr const char *positive[] = {"math.log", "math.sqrt",
                                               "math.rsqrt"};
    switch (draws.pick(0, 5)) {
    case 0:
      return keep(add("arith.divf " + any() + ", " + addPositive()));
    case 1:
      return keep(add(positive[draws.pick(0, 2)] + (" " + addPositive())));
    case 2:
      return keep(add("math.powf " + addPositive() + ", " + any()));
    case 3:
      return keep(add(unary[draws.pick(0, 5)] + (" " + any())));
    default:
      return keep(add(binary[draws.pick(0, 4)] + (" " + any()) + ", " + any()));
    }
  }
  void keep(const std::string &value) { values.push_back(value); }

  Draws &draws;
  SmallVector<std::string> values;
  int number = 0;
};

/// An operand of a generic operation: what indexes its dimensions, and their
/// sizes.
struct GenericOperand {
  SmallVector<std::string> indices;
  SmallVector<int64_t> shape;

  void add(const std::string &index, int64_t size) {
    indices.push_back(index);
    shape.push_back(size);
  }
  void shuffle(Draws &draws) {
    for (size_t i = indices.size(); i > 1; --i) {
      size_t j = draws.pick(0, i - 1);
      std::swap(indices[i - 1], indices[j]);
      std::swap(shape[i - 1], shape[j]);
    }
  }
};

/// Draws a generic operation with sums, broadcasts, transpositions and sums of
/// two loops as indices.
class GenericDraw {
public:
  explicit GenericDraw(Draws &draws) : draws(draws) {
    for (int64_t i = 0, count = draws.pick(1, 4); i < count; ++i) {
      extents.push_back(draws.pick(1, 4));
      parallel.push_back(draws.chance(60));
    }
    for (int64_t i = 0, count = draws.pick(1, 3); i < count; ++i)
      operands.push_back(drawInput());
    // Bounds the loops that no input has.
    operands.emplace_back();
    for (size_t loop = 0; loop < extents.size(); ++loop)
      operands.back().add(getName(loop), extents[loop]);
    operands.back().shuffle(draws);
    operands.push_back(drawOutput());
  }

  std::string build();
  size_t getNumOperands() const { return operands.size(); }

private:
  static std::string getName(size_t loop) { return "d" + std::to_string(loop); }
  GenericOperand drawInput();
  GenericOperand drawOutput();
  std::string getMap(const GenericOperand &operand) const;

  Draws &draws;
  SmallVector<int64_t> extents;
  SmallVector<bool> parallel;
  /// The last one is the result.
  std::vector<GenericOperand> operands;
};

GenericOperand GenericDraw::drawInput() {
  GenericOperand operand;
  for (size_t loop = 0; loop < extents.size(); ++loop) {
    if (draws.chance(30)) // A broadcast, with or without a dimension.
      continue;
    size_t other = draws.pick(0, extents.size() - 1);
    if (other != loop && draws.chance(20))
      operand.add(getName(loop) + " * 2 + " + getName(other),
                  2 * extents[loop] + extents[other] - 2);
    else
      operand.add(getName(loop), extents[loop]);
  }
  if (draws.chance(20))
    operand.add("0", 1);
  operand.shuffle(draws);
  return operand;
}

GenericOperand GenericDraw::drawOutput() {
  GenericOperand operand;
  for (size_t loop = 0; loop < extents.size(); ++loop)
    if (parallel[loop])
      operand.add(getName(loop), extents[loop]);
  operand.shuffle(draws);
  return operand;
}

std::string GenericDraw::getMap(const GenericOperand &operand) const {
  SmallVector<std::string> loops;
  for (size_t loop = 0; loop < extents.size(); ++loop)
    loops.push_back(getName(loop));
  return "affine_map<(" + llvm::join(loops, ", ") + ") -> (" +
         llvm::join(operand.indices, ", ") + ")>";
}

std::string GenericDraw::build() {
  SmallVector<std::string> arguments, names, types, maps, iterators, scalars,
      declared;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    names.push_back("%x" + std::to_string(i));
    types.push_back(pdq::getTypeText(operand.shape));
    arguments.push_back(names.back() + ": " + types.back());
    maps.push_back(getMap(operand));
    scalars.push_back("%a" + std::to_string(i));
    declared.push_back(scalars.back() + ": f64");
  }
  for (bool isParallel : parallel)
    iterators.push_back(isParallel ? "\"parallel\"" : "\"reduction\"");
  std::string start = scalars.pop_back_val(), output = types.pop_back_val();
  PayloadText payload(draws, scalars);
  std::string term = payload.draw(draws.pick(1, 6));
  std::string body =
      "%y = linalg.generic {indexing_maps = [" + llvm::join(maps, ", ") +
      "], iterator_types = [" + llvm::join(iterators, ", ") + "]} ins(" +
      llvm::join(ArrayRef(names).drop_back(), ", ") + " : " +
      llvm::join(types, ", ") + ") outs(" + names.back() + " : " + output +
      ") {\n^bb0(" + llvm::join(declared, ", ") + "):\n" + payload.text +
      "  %next = arith.addf " + start + ", " + term +
      " : f64\n  linalg.yield %next : f64\n} -> " + output;
  return withSquaredSum(llvm::join(arguments, ", "), body,
                        operands.back().shape);
}

TEST_F(RandomVJPTest, GenericOperations) {
  Draws draws(217);
  for (int number = 0; number < 40; ++number) {
    GenericDraw generic(draws);
    std::string source = generic.build();
    SCOPED_TRACE(source);
    check(source,
          llvm::to_vector(llvm::seq<int64_t>(0, generic.getNumOperands())));
  }
}

} // namespace
