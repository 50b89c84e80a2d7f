// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of convolutions and poolings with respect to their input, of
// random shapes, loop orders and layouts, against the loops of the definition.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Runtime/Executor.h"
#include "gtest/gtest.h"
#include <cmath>
#include <numeric>
#include <random>

using namespace mlir;
using namespace mlir::pdq;

namespace {

using Numbers = std::vector<int64_t>;

/// One sliding dimension: `size` elements of the result, of which the function
/// returns `kept` from `first` on.
struct Window {
  int64_t positions, taps, stride, dilation, size, first, kept;
};

/// result[n, g, c, s * i + d * k] += dy[n, g, f, i] * w[g, f, c, k]; without a
/// filter the sum of dy (f = 1).
struct Case {
  int64_t batch = 2, groups = 1, outputs = 3, inputs = 4;
  std::vector<Window> windows;
  bool hasFilter = true;
  /// The result starts from numbers instead of zeros.
  bool hasInit = false;
  /// 0: loops and dimensions as above.
  unsigned shuffle = 0;
};

std::string join(const std::vector<std::string> &parts,
                 const std::string &separator) {
  return llvm::join(parts, separator);
}

/// A tensor of the case: its dimensions as loops, compound ones as pairs.
struct Operand {
  std::vector<std::string> indices;
  Numbers shape;

  void shuffle(std::mt19937 &random) {
    for (size_t i = indices.size(); i > 1; --i) {
      size_t j = random() % i;
      std::swap(indices[i - 1], indices[j]);
      std::swap(shape[i - 1], shape[j]);
    }
  }
  std::string getType() const {
    std::string text = "tensor<";
    for (int64_t size : shape)
      text += std::to_string(size) + "x";
    return text + "f32>";
  }
};

class ScatterToGatherTest : public testing::Test {
protected:
  ScatterToGatherTest() {
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// Compares with the definition and on one and two threads. True if the pass
  /// took the case.
  bool check(const Case &c);

private:
  std::string build(const Case &c);
  bool isGathered(StringRef source);
  std::vector<float> run(StringRef source, unsigned threads,
                         ArrayRef<HostTensor> arguments, const Numbers &shape);
  std::vector<float> compute(ArrayRef<HostTensor> arguments);

  DialectRegistry registry;
  MLIRContext context;
  /// Of the case last built: loops, how many iterations they have, operands,
  /// and what of the result is returned.
  std::vector<std::string> loops;
  Numbers extents;
  Operand seed, filter, result, returned;
  Numbers offsets;
  bool hasFilter = true, hasInit = false;
};

std::string ScatterToGatherTest::build(const Case &c) {
  loops = {"n", "g", "f", "c"};
  extents = {c.batch, c.groups, c.outputs, c.inputs};
  seed = {{"n", "g", "f"}, {c.batch, c.groups, c.outputs}};
  filter = {{"g", "f", "c"}, {c.groups, c.outputs, c.inputs}};
  result = {{"n", "g", "c"}, {c.batch, c.groups, c.inputs}};
  std::vector<std::string> iterators{"parallel", "parallel", "reduction",
                                     "parallel"};
  for (auto [i, w] : llvm::enumerate(c.windows)) {
    std::string position = "i" + std::to_string(i),
                tap = "k" + std::to_string(i);
    loops.insert(loops.end(), {position, tap});
    extents.insert(extents.end(), {w.positions, w.taps});
    iterators.insert(iterators.end(), {"reduction", "reduction"});
    seed.indices.push_back(position);
    seed.shape.push_back(w.positions);
    filter.indices.push_back(tap);
    filter.shape.push_back(w.taps);
    result.indices.push_back(position + " * " + std::to_string(w.stride) +
                             " + " + tap + " * " + std::to_string(w.dilation));
    result.shape.push_back(w.size);
  }
  std::mt19937 random(c.shuffle);
  std::vector<std::string> order = loops;
  if (c.shuffle) {
    seed.shuffle(random);
    filter.shuffle(random);
    result.shuffle(random);
    for (size_t i = order.size(); i > 1; --i) {
      size_t j = random() % i;
      std::swap(order[i - 1], order[j]);
      std::swap(iterators[i - 1], iterators[j]);
    }
  }
  returned = result;
  offsets.assign(result.shape.size(), 0);
  for (auto [i, w] : llvm::enumerate(c.windows))
    for (size_t dim = 0; dim < result.indices.size(); ++dim)
      if (StringRef(result.indices[dim])
              .starts_with("i" + std::to_string(i) + " ")) {
        offsets[dim] = w.first;
        returned.shape[dim] = w.kept;
      }
  hasFilter = c.hasFilter;
  hasInit = c.hasInit;

  auto map = [&](const Operand &operand) {
    return "affine_map<(" + join(order, ", ") + ") -> (" +
           join(operand.indices, ", ") + ")>";
  };
  auto list = [](const Numbers &numbers) {
    std::vector<std::string> parts;
    for (int64_t number : numbers)
      parts.push_back(std::to_string(number));
    return "[" + join(parts, ", ") + "]";
  };
  std::string wholeType = result.getType(), keptType = returned.getType();
  std::string text = "func.func @f(%dy: " + seed.getType() +
                     ", %w: " + filter.getType() + ", %init: " + wholeType +
                     ") -> " + keptType + " {\n";
  text +=
      "%zero = arith.constant 0.0 : f32\n%e = tensor.empty() : " + wholeType +
      "\n%zeros = linalg.fill ins(%zero : f32) outs(%e : " + wholeType +
      ") -> " + wholeType + "\n%bound = tensor.empty() : " + filter.getType() +
      "\n";
  text += "%r = linalg.generic {indexing_maps = [" + map(seed) + ", " +
          map(filter) + ", " + map(result) + "], iterator_types = [\"" +
          join(iterators, "\", \"") + "\"]} ins(%dy, " +
          (hasFilter ? "%w" : "%bound") + " : " + seed.getType() + ", " +
          filter.getType() + ") outs(" + (hasInit ? "%init" : "%zeros") +
          " : " + wholeType + ") {\n^bb0(%a: f32, %b: f32, %o: f32):\n";
  if (hasFilter)
    text += "%p = arith.mulf %a, %b : f32\n%s = arith.addf %o, %p : f32\n";
  else
    text += "%s = arith.addf %o, %a : f32\n";
  text += "linalg.yield %s : f32\n} -> " + wholeType + "\n";
  text += "%k = tensor.extract_slice %r" + list(offsets) + " " +
          list(returned.shape) + " " + list(Numbers(returned.shape.size(), 1)) +
          " : " + wholeType + " to " + keptType + "\nreturn %k : " + keptType +
          "\n}";
  return text;
}

bool ScatterToGatherTest::isGathered(StringRef source) {
  auto module = parseSourceString<ModuleOp>(source, &context);
  PassManager passes(&context);
  passes.addPass(createCanonicalizerPass());
  passes.addNestedPass<func::FuncOp>(createScatterToGather());
  EXPECT_TRUE(succeeded(passes.run(*module)));
  bool gathered = true;
  module->walk([&](linalg::GenericOp op) {
    gathered &= op.getMatchingIndexingMap(op.getDpsInitOperand(0))
                    .isProjectedPermutation();
  });
  return gathered;
}

std::vector<float> ScatterToGatherTest::run(StringRef source, unsigned threads,
                                            ArrayRef<HostTensor> arguments,
                                            const Numbers &shape) {
  auto module = parseSourceString<ModuleOp>(source, &context);
  ExecutorOptions options;
  options.threads = threads;
  std::unique_ptr<Executor> executor = Executor::createCPU(&context, options);
  auto executable = executor->compile(*module);
  EXPECT_TRUE(succeeded(executable));
  if (failed(executable))
    return {};
  std::vector<BufferRef> inputs;
  for (const HostTensor &argument : arguments) {
    inputs.push_back(
        executor->allocate(argument.getShape(), argument.getElementType()));
    inputs.back()->write(argument);
  }
  BufferRef output = executor->allocate(shape, ElementType::F32);
  (*executable)->call("f", inputs, {output});
  HostTensor values = output->read();
  ArrayRef<float> numbers = values.values<float>();
  return {numbers.begin(), numbers.end()};
}

/// Row-major position of the element that loops at `at` index, or nothing
/// outside of `shape` from `offsets` on.
std::optional<int64_t> locate(const Operand &operand,
                              const std::vector<std::string> &loops,
                              const Numbers &at, const Numbers &offsets = {}) {
  auto get = [&](StringRef name) {
    return at[llvm::find(loops, name.trim().str()) - loops.begin()];
  };
  int64_t position = 0;
  for (size_t dim = 0; dim < operand.indices.size(); ++dim) {
    int64_t index = 0;
    SmallVector<StringRef> terms;
    StringRef(operand.indices[dim]).split(terms, '+');
    for (StringRef term : terms) {
      auto [name, factor] = term.split('*');
      int64_t scale = 1;
      if (!factor.empty())
        factor.trim().getAsInteger(10, scale);
      index += get(name) * scale;
    }
    if (!offsets.empty())
      index -= offsets[dim];
    if (index < 0 || index >= operand.shape[dim])
      return std::nullopt;
    position = position * operand.shape[dim] + index;
  }
  return position;
}

std::vector<float>
ScatterToGatherTest::compute(ArrayRef<HostTensor> arguments) {
  auto count = [](const Numbers &shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                           std::multiplies<>());
  };
  std::vector<double> sums(count(returned.shape), 0.0);
  // The initial values of what is returned.
  if (hasInit)
    for (int64_t i = 0, n = count(result.shape); i < n; ++i) {
      int64_t rest = i, target = 0, scale = 1;
      bool inside = true;
      for (int64_t dim = result.shape.size() - 1; dim >= 0; --dim) {
        int64_t index = rest % result.shape[dim] - offsets[dim];
        rest /= result.shape[dim];
        inside &= index >= 0 && index < returned.shape[dim];
        target += index * scale;
        scale *= returned.shape[dim];
      }
      if (inside)
        sums[target] = arguments[2].values<float>()[i];
    }
  Numbers at(loops.size(), 0);
  for (int64_t i = 0, n = count(extents); i < n; ++i) {
    int64_t rest = i;
    for (size_t loop = 0; loop < loops.size(); ++loop) {
      at[loop] = rest % extents[loop];
      rest /= extents[loop];
    }
    std::optional<int64_t> target = locate(returned, loops, at, offsets);
    if (!target)
      continue;
    double term = arguments[0].values<float>()[*locate(seed, loops, at)];
    if (hasFilter)
      term *= arguments[1].values<float>()[*locate(filter, loops, at)];
    sums[*target] += term;
  }
  return {sums.begin(), sums.end()};
}

bool ScatterToGatherTest::check(const Case &c) {
  std::string source = build(c);
  SCOPED_TRACE(source);
  std::mt19937 random(7);
  std::vector<HostTensor> arguments;
  for (const Operand *operand : {&seed, &filter, &result}) {
    arguments.emplace_back(operand->shape, ElementType::F32);
    for (float &value : arguments.back().values<float>())
      value = static_cast<int32_t>(random()) / 2147483648.0f;
  }
  std::vector<float> expected = compute(arguments);
  std::vector<float> actual = run(source, 1, arguments, returned.shape);
  EXPECT_EQ(actual, run(source, 2, arguments, returned.shape))
      << "threads change the result";
  EXPECT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < std::min(actual.size(), expected.size()); ++i)
    if (!(std::fabs(actual[i] - expected[i]) <= 1e-5)) {
      ADD_FAILURE() << "element " << i << ": " << actual[i] << ", expected "
                    << expected[i];
      break;
    }
  return isGathered(source);
}

/// A window whose every element is returned.
Window whole(int64_t positions, int64_t taps, int64_t stride = 1,
             int64_t dilation = 1, int64_t uncovered = 0) {
  int64_t size =
      stride * (positions - 1) + dilation * (taps - 1) + 1 + uncovered;
  return {positions, taps, stride, dilation, size, 0, size};
}

/// The window of a forward operation whose input is padded on both sides.
Window padded(int64_t positions, int64_t taps, int64_t stride, int64_t padding,
              int64_t dilation = 1) {
  Window window = whole(positions, taps, stride, dilation);
  window.first = padding;
  window.kept -= 2 * padding;
  return window;
}

TEST_F(ScatterToGatherTest, PaddedConvolution) {
  EXPECT_TRUE(check(
      {.inputs = 19, .windows = {padded(8, 3, 1, 1), padded(9, 3, 1, 1)}}));
}

TEST_F(ScatterToGatherTest, StridesHaveAPhaseForEachRemainder) {
  EXPECT_TRUE(check(
      {.inputs = 16, .windows = {padded(5, 3, 2, 1), padded(6, 3, 2, 1)}}));
  EXPECT_TRUE(check({.windows = {whole(5, 7, 3), whole(4, 5, 2)}}));
}

TEST_F(ScatterToGatherTest, ElementsThatNoTapReachesAreZero) {
  EXPECT_TRUE(check({.windows = {whole(5, 1, 2), whole(5, 1, 2)}}));
  EXPECT_TRUE(check({.windows = {whole(4, 2, 3, 1, 2), whole(4, 2, 2, 2, 1)}}));
}

TEST_F(ScatterToGatherTest, DilationLeavesTapsToSomePhasesOnly) {
  EXPECT_TRUE(check({.windows = {whole(6, 3, 2, 2), whole(7, 3, 1, 2)}}));
  EXPECT_TRUE(check({.windows = {whole(7, 3, 3, 2), padded(8, 3, 1, 2, 2)}}));
}

TEST_F(ScatterToGatherTest, OneAndThreeDimensions) {
  EXPECT_TRUE(check({.windows = {padded(9, 5, 1, 2)}}));
  EXPECT_TRUE(check({.windows = {whole(4, 3), whole(3, 2, 2), whole(5, 2)}}));
}

TEST_F(ScatterToGatherTest, GroupsAndDepthwise) {
  EXPECT_TRUE(check(
      {.groups = 3, .windows = {padded(6, 3, 1, 1), padded(6, 3, 1, 1)}}));
  EXPECT_TRUE(check({.groups = 20,
                     .outputs = 1,
                     .inputs = 1,
                     .windows = {padded(6, 3, 2, 1), padded(6, 3, 2, 1)}}));
}

TEST_F(ScatterToGatherTest, PoolingHasNoFilter) {
  EXPECT_TRUE(check({.outputs = 1,
                     .inputs = 1,
                     .windows = {whole(5, 2, 2), whole(5, 2, 2)},
                     .hasFilter = false}));
  EXPECT_TRUE(check({.outputs = 1,
                     .inputs = 1,
                     .windows = {padded(5, 3, 2, 1), padded(5, 3, 1, 1)},
                     .hasFilter = false}));
  // Of the whole image: one position.
  EXPECT_TRUE(check({.outputs = 1,
                     .inputs = 1,
                     .windows = {whole(1, 7), whole(1, 6)},
                     .hasFilter = false}));
}

TEST_F(ScatterToGatherTest, InitialValuesStay) {
  EXPECT_TRUE(check({.windows = {padded(6, 3, 1, 1)}, .hasInit = true}));
  EXPECT_TRUE(check({.windows = {padded(6, 2, 3, 1)}, .hasInit = true}));
}

TEST_F(ScatterToGatherTest, WindowsLargerThanTheImageAreLeft) {
  EXPECT_FALSE(check({.outputs = 1,
                      .inputs = 1,
                      .windows = {whole(2, 9), whole(2, 9)},
                      .hasFilter = false}));
  // With a filter, the filter slides over the gradient.
  EXPECT_TRUE(check({.windows = {whole(2, 9), whole(2, 9)}}));
}

TEST_F(ScatterToGatherTest, RandomShapesLoopOrdersAndLayouts) {
  std::mt19937 random(11);
  auto pick = [&](int64_t from, int64_t to) {
    return from + static_cast<int64_t>(random() % (to - from + 1));
  };
  int numGathered = 0;
  for (unsigned number = 1; number <= 24; ++number) {
    Case c;
    c.batch = pick(1, 3);
    c.groups = pick(1, 3);
    c.outputs = pick(1, 5);
    c.inputs = pick(1, 18);
    c.hasFilter = pick(0, 4) > 0;
    c.hasInit = pick(0, 3) == 0;
    c.shuffle = number;
    for (int64_t i = 0, n = pick(1, 2); i < n; ++i) {
      Window w =
          whole(pick(1, 8), pick(1, 4), pick(1, 3), pick(1, 2), pick(0, 2));
      w.first = pick(0, std::min<int64_t>(2, w.size - 1));
      w.kept = w.size - w.first -
               pick(0, std::min<int64_t>(1, w.size - w.first - 1));
      c.windows.push_back(w);
    }
    numGathered += check(c);
  }
  EXPECT_GE(numGathered, 16);
}

} // namespace
