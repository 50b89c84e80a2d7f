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

/// A longer test: PDQ_RANDOM_TESTS times as many draws, from PDQ_RANDOM_SEED.
int64_t getNumber(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  int64_t number = otherwise;
  if (text)
    StringRef(text).getAsInteger(10, number);
  return number;
}
int getCount(int usual) { return usual * getNumber("PDQ_RANDOM_TESTS", 1); }
unsigned getFirstSeed() { return 1000 * getNumber("PDQ_RANDOM_SEED", 0); }

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

/// A named operation; a letter for each dimension of its operands: n batch, g
/// group, c and f channels of the input and of the output, m channels per
/// channel; d, h and w the image, t, k and l the window, o, i and j the result.
struct WindowForm {
  const char *name, *input, *filter, *output;
};

const WindowForm convolutions[] = {
    {"conv_1d", "w", "l", "j"},
    {"conv_1d_ncw_fcw", "ncw", "fcl", "nfj"},
    {"conv_1d_nwc_wcf", "nwc", "lcf", "njf"},
    {"conv_2d", "hw", "kl", "ij"},
    {"conv_2d_nchw_fchw", "nchw", "fckl", "nfij"},
    {"conv_2d_nhwc_hwcf", "nhwc", "klcf", "nijf"},
    {"conv_2d_nhwc_fhwc", "nhwc", "fklc", "nijf"},
    {"conv_2d_ngchw_gfchw", "ngchw", "gfckl", "ngfij"},
    {"conv_2d_ngchw_fgchw", "ngchw", "fgckl", "ngfij"},
    {"conv_2d_nhwgc_gfhwc", "nhwgc", "gfklc", "nijgf"},
    {"conv_3d", "dhw", "tkl", "oij"},
    {"conv_3d_ncdhw_fcdhw", "ncdhw", "fctkl", "nfoij"},
    {"conv_3d_ndhwc_dhwcf", "ndhwc", "tklcf", "noijf"},
    {"depthwise_conv_1d_ncw_cw", "ncw", "cl", "ncj"},
    {"depthwise_conv_1d_nwc_wc", "nwc", "lc", "njc"},
    {"depthwise_conv_1d_nwc_wcm", "nwc", "lcm", "njcm"},
    {"depthwise_conv_2d_nchw_chw", "nchw", "ckl", "ncij"},
    {"depthwise_conv_2d_nhwc_hwc", "nhwc", "klc", "nijc"},
    {"depthwise_conv_2d_nhwc_hwcm", "nhwc", "klcm", "nijcm"},
    {"depthwise_conv_3d_ncdhw_cdhw", "ncdhw", "ctkl", "ncoij"},
    {"depthwise_conv_3d_ndhwc_dhwc", "ndhwc", "tklc", "noijc"},
    {"depthwise_conv_3d_ndhwc_dhwcm", "ndhwc", "tklcm", "noijcm"},
};
const WindowForm poolings[] = {
    {"pooling_ncw_sum", "ncw", "l", "ncj"},
    {"pooling_ncw_max", "ncw", "l", "ncj"},
    {"pooling_nwc_min", "nwc", "l", "njc"},
    {"pooling_nchw_sum", "nchw", "kl", "ncij"},
    {"pooling_nhwc_sum", "nhwc", "kl", "nijc"},
    {"pooling_nchw_max", "nchw", "kl", "ncij"},
    {"pooling_nhwc_min", "nhwc", "kl", "nijc"},
    {"pooling_ndhwc_sum", "ndhwc", "tkl", "noijc"},
    {"pooling_ndhwc_max", "ndhwc", "tkl", "noijc"},
    {"pooling_ndhwc_min", "ndhwc", "tkl", "noijc"},
};
/// Those that front ends write without a name, in any order of dimensions: "" a
/// product, else what is taken of a window.
const WindowForm genericForms[] = {
    {"", "ngcdhw", "gfctkl", "ngfoij"}, {"", "ngwc", "gflc", "ngfj"},
    {"", "cnhw", "klcm", "mcnij"},      {"", "hwnc", "lkfc", "jfin"},
    {"sum", "ncdhw", "tkl", "ncoij"},   {"max", "ncdhw", "tkl", "ncoij"},
    {"min", "cwn", "l", "jnc"},         {"max", "hcnw", "lk", "ijnc"},
};

/// A window along one dimension of the image.
struct Axis {
  /// Letters of image, window and result.
  char imageLetter, windowLetter, positionLetter;
  int64_t image, window, stride, dilation, padding, positions;

  int64_t getRest() const {
    return image + 2 * padding - dilation * (window - 1) - 1;
  }
};
using Axes = SmallVector<Axis>;

/// Draws until the window fits at least once.
Axis drawAxis(Draws &draws, StringRef letters, int64_t maxImage,
              int64_t maxWindow) {
  Axis axis;
  axis.imageLetter = letters[0];
  axis.windowLetter = letters[1];
  axis.positionLetter = letters[2];
  do {
    axis.image = draws.pick(3, maxImage);
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
std::string padText(StringRef dims, Sizes sizes, const Axes &axes) {
  std::string before = getTypeText(dims, sizes);
  SmallVector<std::string> widths, indices;
  for (char dim : dims) {
    int64_t width = 0;
    for (const Axis &axis : axes)
      if (axis.imageLetter == dim)
        width = axis.padding;
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

/// `dense<[...]>` of what `get` gives for each axis.
template <typename Fn> std::string attributeText(const Axes &axes, Fn get) {
  SmallVector<std::string> numbers;
  for (const Axis &axis : axes)
    numbers.push_back(std::to_string(get(axis)));
  return "dense<[" + llvm::join(numbers, ", ") + "]> : vector<" +
         std::to_string(axes.size()) + "xi64>";
}

/// Loops of a form without a name: those of the result, then what is left of
/// the filter.
std::string getLoops(const WindowForm &form) {
  std::string loops = form.output;
  for (char letter : StringRef(form.filter))
    if (!StringRef(loops).contains(letter))
      loops += letter;
  return loops;
}

std::string mapText(StringRef loops, StringRef dims, const Axes &axes) {
  SmallVector<std::string> names, results;
  for (char loop : loops)
    names.push_back(std::string(1, loop));
  for (char dim : dims) {
    results.push_back(std::string(1, dim));
    for (const Axis &axis : axes)
      if (axis.imageLetter == dim)
        results.back() = std::string(1, axis.positionLetter) + " * " +
                         std::to_string(axis.stride) + " + " +
                         axis.windowLetter + " * " +
                         std::to_string(axis.dilation);
  }
  return "affine_map<(" + llvm::join(names, ", ") + ") -> (" +
         llvm::join(results, ", ") + ")>";
}

/// The attributes and, behind the operands, the payload of a form without a
/// name.
std::pair<std::string, std::string> genericText(const WindowForm &form,
                                                const Axes &axes) {
  std::string loops = getLoops(form);
  SmallVector<std::string> iterators;
  for (char loop : loops)
    iterators.push_back(StringRef(form.output).contains(loop)
                            ? "\"parallel\""
                            : "\"reduction\"");
  std::string attributes =
      "{indexing_maps = [" + mapText(loops, form.input, axes) + ", " +
      mapText(loops, form.filter, {}) + ", " + mapText(loops, form.output, {}) +
      "], iterator_types = [" + llvm::join(iterators, ", ") + "]}";
  StringRef name = form.name;
  std::string step = name == "max"   ? "%r = arith.maximumf %sum, %a : f64\n"
                     : name == "min" ? "%r = arith.minimumf %a, %sum : f64\n"
                     : name == "sum" ? "%r = arith.addf %a, %sum : f64\n"
                                     : "%t = arith.mulf %a, %c : f64\n"
                                       "%r = arith.addf %sum, %t : f64\n";
  return {attributes, "{\n^bb0(%a: f64, %c: f64, %sum: f64):\n" + step +
                          "linalg.yield %r : f64\n} "};
}

bool isPooling(const WindowForm &form) {
  StringRef name = form.name;
  return name.starts_with("pooling") ||
         (!name.empty() && !name.contains('_') && !name.starts_with("conv"));
}

/// A function of %x, the filter %w of a convolution, and %b, with which the
/// result starts.
std::string buildWindow(const WindowForm &form, const Sizes &sizes,
                        const Axes &axes, bool isNamed) {
  StringRef name = form.name;
  bool pools = isPooling(form);
  Sizes padded = sizes;
  for (const Axis &axis : axes)
    padded[axis.imageLetter] += 2 * axis.padding;
  std::string input = getTypeText(form.input, sizes),
              image = getTypeText(form.input, padded),
              filter = getTypeText(form.filter, sizes),
              output = getTypeText(form.output, sizes);
  // Padding never wins against the image.
  StringRef edge = name.ends_with("max")   ? "-9.0"
                   : name.ends_with("min") ? "9.0"
                                           : "0.0";
  std::string body = "%edge = arith.constant " + edge.str() + " : f64\n" +
                     padText(form.input, sizes, axes);
  if (pools)
    body += "%w = tensor.empty() : " + filter + "\n";
  std::string attributes =
      "{strides = " + attributeText(axes, [](auto a) { return a.stride; }) +
      ", dilations = " +
      attributeText(axes, [](auto a) { return a.dilation; }) + "}";
  if (name == "conv_1d" || name == "conv_2d" || name == "conv_3d")
    attributes = "";
  std::string payload;
  if (!isNamed)
    std::tie(attributes, payload) = genericText(form, axes);
  body += "%y = linalg." + (isNamed ? name.str() : "generic") + " " +
          attributes + " ins(%padded, %w : " + image + ", " + filter +
          ") outs(%b : " + output + ") " + payload + "-> " + output;
  std::string arguments = "%x: " + input + ", %b: " + output;
  if (!pools)
    arguments += ", %w: " + filter;
  return withSquaredSum(arguments, body, getShape(form.output, sizes));
}

class RandomVJPTest : public DifferenceTest {
protected:
  Axes drawAxes(const WindowForm &form, bool isFirst, Draws &draws) {
    Axes axes;
    StringRef input = form.input;
    bool isVolume = input.contains('d');
    for (StringRef letters : {"dto", "hki", "wlj"})
      if (input.contains(letters[0]))
        axes.push_back(drawAxis(draws, letters, isVolume ? 5 : 7,
                                isFirst    ? 1
                                : isVolume ? 3
                                           : 5));
    StringRef name = form.name;
    for (Axis &axis : axes) {
      if (name == "conv_1d" || name == "conv_2d" || name == "conv_3d") {
        axis.stride = axis.dilation = 1;
        axis.positions = axis.getRest() + 1;
      }
      record(axis);
    }
    return axes;
  }

  /// Checks `count` draws of a form, with whatever is differentiable.
  void checkDraws(const WindowForm &form, int count, bool isNamed,
                  Draws &draws) {
    int64_t most = StringRef(form.input).contains('d') ? 2 : 3;
    for (int number = 0; number < count; ++number) {
      Axes axes = drawAxes(form, number == 0, draws);
      Sizes sizes{{'n', draws.pick(1, most)},
                  {'g', draws.pick(1, 3)},
                  {'c', draws.pick(1, most + 1)},
                  {'f', draws.pick(1, most + 1)},
                  {'m', draws.pick(1, 2)}};
      for (const Axis &axis : axes) {
        sizes[axis.imageLetter] = axis.image;
        sizes[axis.windowLetter] = axis.window;
        sizes[axis.positionLetter] = axis.positions;
      }
      std::string source = buildWindow(form, sizes, axes, isNamed);
      SCOPED_TRACE(source);
      // Input, what the result starts from, filter.
      SmallVector<int64_t> wrt{0, 1};
      if (!isPooling(form))
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
  Draws draws(3 + getFirstSeed());
  for (const WindowForm &form : convolutions)
    checkDraws(form, getCount(2), /*isNamed=*/true, draws);
  EXPECT_EQ(traps.size(), 5u);
}

TEST_F(RandomVJPTest, Poolings) {
  Draws draws(5 + getFirstSeed());
  for (const WindowForm &form : poolings)
    checkDraws(form, getCount(2), /*isNamed=*/true, draws);
}

TEST_F(RandomVJPTest, WindowsWithoutNames) {
  Draws draws(7 + getFirstSeed());
  for (const WindowForm &form : genericForms)
    checkDraws(form, getCount(2), /*isNamed=*/false, draws);
}

/// A transposed convolution as front ends write it: the image %x goes to every
/// stride-th place of zeros, the filter %w (inputs, outputs, window) is turned
/// round by a payload that reads it.
std::string buildTransposed(unsigned space, Draws &draws) {
  static constexpr const char *names[] = {
      "conv_1d_ncw_fcw", "conv_2d_nchw_fchw", "conv_3d_ncdhw_fcdhw"};
  int64_t batch = draws.pick(1, 2), inputs = draws.pick(1, 3),
          outputs = draws.pick(1, 3);
  SmallVector<int64_t> image{batch, inputs}, wide{batch, inputs},
      filter{inputs, outputs}, turned{outputs, inputs}, result{batch, outputs},
      offsets{0, 0}, strides{1, 1};
  for (unsigned dim = 0; dim < space; ++dim) {
    int64_t window = draws.pick(1, 3), padding = draws.pick(0, window - 1);
    image.push_back(draws.pick(2, space == 3 ? 3 : 5));
    strides.push_back(draws.pick(1, 3));
    filter.push_back(window);
    turned.push_back(window);
    offsets.push_back(window - 1 - padding);
    // With a place that the frontend's output padding adds.
    wide.push_back((image.back() - 1) * strides.back() + 1 +
                   2 * offsets.back() + draws.pick(0, 1));
    result.push_back(wide.back() - window + 1);
    if (result.back() < 1)
      return buildTransposed(space, draws);
  }
  auto list = [](ArrayRef<int64_t> numbers) {
    std::string text;
    for (int64_t number : numbers)
      text += (text.empty() ? "" : ", ") + std::to_string(number);
    return "[" + text + "]";
  };
  SmallVector<std::string> loops, iterators, places{"%i1", "%i0"};
  std::string payload;
  for (size_t loop = 0; loop < turned.size(); ++loop) {
    std::string number = std::to_string(loop);
    loops.push_back("d" + number);
    iterators.push_back("\"parallel\"");
    payload += "  %i" + number + " = linalg.index " + number + " : index\n";
    if (loop < 2)
      continue;
    payload += "  %l" + number + " = arith.constant " +
               std::to_string(turned[loop] - 1) + " : index\n  %p" + number +
               " = arith.subi %l" + number + ", %i" + number + " : index\n";
    places.push_back("%p" + number);
  }
  auto type = [](ArrayRef<int64_t> shape) { return pdq::getTypeText(shape); };
  std::string all = "(" + llvm::join(loops, ", ") + ")";
  std::string body =
      "%none = tensor.empty() : " + type(wide) +
      "\n%zeros = linalg.fill ins(%zero : f64) outs(%none : " + type(wide) +
      ") -> " + type(wide) + "\n%wide = tensor.insert_slice %x into %zeros" +
      list(offsets) + " " + list(image) + " " + list(strides) + " : " +
      type(image) + " into " + type(wide) +
      "\n%free = tensor.empty() : " + type(turned) +
      "\n%turned = linalg.generic {indexing_maps = [affine_map<" + all +
      " -> " + all + ">], iterator_types = [" + llvm::join(iterators, ", ") +
      "]} outs(%free : " + type(turned) + ") {\n^bb0(%o: f64):\n" + payload +
      "  %r = tensor.extract %w[" + llvm::join(places, ", ") +
      "] : " + type(filter) + "\n  linalg.yield %r : f64\n} -> " +
      type(turned) + "\n%y = linalg." + names[space - 1] +
      " ins(%wide, %turned : " + type(wide) + ", " + type(turned) +
      ") outs(%b : " + type(result) + ") -> " + type(result);
  return withSquaredSum("%x: " + type(image) + ", %w: " + type(filter) +
                            ", %b: " + type(result),
                        body, result);
}

TEST_F(RandomVJPTest, TransposedConvolutions) {
  Draws draws(11 + getFirstSeed());
  for (int number = 0, count = getCount(12); number < count; ++number) {
    std::string source = buildTransposed(1 + number % 3, draws);
    SCOPED_TRACE(source);
    check(source, {0, 1, 2});
  }
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
  /// The payload reads it at positions that it computes.
  bool isRead = false;

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

/// Draws a generic operation with sums or maxima, broadcasts, transpositions,
/// sums of two loops as indices, and reads at computed positions.
class GenericDraw {
public:
  explicit GenericDraw(Draws &draws) : draws(draws) {
    for (int64_t i = 0, count = draws.pick(1, 4); i < count; ++i) {
      extents.push_back(draws.pick(1, 4));
      parallel.push_back(draws.chance(60));
    }
    for (int64_t i = 0, count = draws.pick(1, 3); i < count; ++i) {
      operands.push_back(drawInput());
      operands.back().isRead = draws.chance(30);
    }
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
  std::string readText(const std::string &name, const std::string &scalar,
                       const GenericOperand &operand);
  std::string combineText(const std::string &start, const std::string &term);

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

/// Defines the scalar %aN as an element of %xN: where its indices say, turned
/// round or moved in its dimension.
std::string GenericDraw::readText(const std::string &name,
                                  const std::string &scalar,
                                  const GenericOperand &operand) {
  std::string text, places;
  for (auto [dim, index] : llvm::enumerate(operand.indices)) {
    std::string place = scalar + "_" + std::to_string(dim);
    auto add = [&](const char *suffix, const std::string &operation) {
      text += "  " + place + suffix + " = " + operation + " : index\n";
      return place + suffix;
    };
    std::string size =
        add("size", "arith.constant " + std::to_string(operand.shape[dim]));
    std::string factor =
        add("factor", "arith.constant " + std::to_string(draws.pick(1, 3)));
    std::string offset =
        add("offset", "arith.constant " + std::to_string(draws.pick(0, 3)));
    unsigned loop = 0, other = 0;
    std::string own = offset;
    int found = std::sscanf(index.c_str(), "d%u * 2 + d%u", &loop, &other);
    if (found > 0)
      own = add("loop", "linalg.index " + std::to_string(loop));
    if (found == 2)
      own = add("both",
                "arith.addi " + own + ", " +
                    add("other", "linalg.index " + std::to_string(other)));
    // Often nothing else, as front ends write batch and channels.
    if (found == 0 || draws.chance(60)) {
      own = add("scaled", "arith.muli " + own + ", " + factor);
      own = add("moved", "arith.addi " + own + ", " + offset);
      own = add("inside", "arith.remui " + own + ", " + size);
    }
    places += (dim ? ", " : "") + own;
  }
  return text + "  " + scalar + " = tensor.extract " + name + "[" + places +
         "] : " + pdq::getTypeText(operand.shape) + "\n";
}

/// What is yielded for the value so far and the term.
std::string GenericDraw::combineText(const std::string &start,
                                     const std::string &term) {
  bool reduces = llvm::is_contained(parallel, false);
  auto write = [&](StringRef operation) {
    return ("  %next = arith." + operation + " " + start + ", " + term +
            " : f64\n")
        .str();
  };
  if (!reduces && draws.chance(20))
    return write("mulf");
  if (draws.chance(15))
    return write("maximumf");
  if (draws.chance(15))
    return "  %less = arith.cmpf olt, " + term + ", " + start +
           " : f64\n  %next = arith.select %less, " + term + ", " + start +
           " : f64\n";
  return write("addf");
}

std::string GenericDraw::build() {
  SmallVector<std::string> arguments, names, types, maps, iterators, scalars,
      declared;
  std::string reads;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    std::string name = "%x" + std::to_string(i),
                type = pdq::getTypeText(operand.shape);
    arguments.push_back(name + ": " + type);
    scalars.push_back("%a" + std::to_string(i));
    if (operand.isRead) {
      reads += readText(name, scalars.back(), operand);
      continue;
    }
    names.push_back(name);
    types.push_back(type);
    maps.push_back(getMap(operand));
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
      ") {\n^bb0(" + llvm::join(declared, ", ") + "):\n" + reads +
      payload.text + combineText(start, term) +
      "  linalg.yield %next : f64\n} -> " + output;
  return withSquaredSum(llvm::join(arguments, ", "), body,
                        operands.back().shape);
}

TEST_F(RandomVJPTest, GenericOperations) {
  Draws draws(217 + getFirstSeed());
  for (int number = 0, count = getCount(50); number < count; ++number) {
    GenericDraw generic(draws);
    std::string source = generic.build();
    SCOPED_TRACE(source);
    check(source,
          llvm::to_vector(llvm::seq<int64_t>(0, generic.getNumOperands())));
  }
}

} // namespace
