// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loss that calibration minimizes for a block of each family, made as
// calibration makes it: its derivatives with respect to all that is learned
// against central differences.
//
// The objective is 32-bit; its copy in 64 bits makes differences exact enough.
// They are taken of a surrogate without steps: the straight-through estimator
// is the derivative of a quantizer whose rounding errors, clamped elements and
// dropped elements stay as they are at the point in question.

#include "BlockNetworks.h"
#include "DifferenceHarness.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

constexpr int64_t batch = 2, differencesPerArgument = 60;

/// Makes 64-bit floats of all 32-bit ones.
void widen(ModuleOp module) {
  Type wide = Float64Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Float32Type) { return wide; });
  replacer.addReplacement([&](FloatAttr attribute) -> std::optional<Attribute> {
    if (!attribute.getType().isF32())
      return std::nullopt;
    return FloatAttr::get(wide, attribute.getValueAsDouble());
  });
  replacer.addReplacement(
      [&](DenseFPElementsAttr attribute) -> std::optional<Attribute> {
        if (!attribute.getElementType().isF32())
          return std::nullopt;
        return attribute.mapValues(wide, [](const APFloat &value) {
          return APFloat(value.convertToDouble()).bitcastToAPInt();
        });
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

/// A quantizer at a fixed point: slope * x + factor * s, and where elements are
/// dropped, x in their place.
struct FrozenQuantizer {
  HostTensor slope, factor;

  FrozenQuantizer(const HostTensor &input, double scale, double zeroPoint,
                  double max)
      : slope(input.getShape(), ElementType::F64),
        factor(input.getShape(), ElementType::F64) {
    for (auto [i, x] : llvm::enumerate(input.values<double>())) {
      double ratio = x / scale, q = std::nearbyint(ratio) + zeroPoint;
      bool inside = q >= 0 && q <= max;
      slope.values<double>()[i] = inside;
      factor.values<double>()[i] =
          std::clamp(q, 0.0, max) - zeroPoint - (inside ? ratio : 0);
    }
  }
};

class RegionLossTest : public DifferenceTest {
protected:
  RegionLossTest() {
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// Checks the loss of the one block of a network.
  void checkBlock(const std::string &source);

private:
  void annotate(const std::string &source);
  void setScales();
  void buildObjective();
  void addRecorder();
  void addSurrogate();
  SmallVector<int64_t> getLearned();
  SmallVector<BufferRef> makeArguments();
  SmallVector<FrozenQuantizer> freeze(ArrayRef<BufferRef> arguments);
  SmallVector<BufferRef> allocateResults(StringRef name);

  /// Clones the objective as a public function.
  func::FuncOp cloneObjective(StringRef name) {
    auto clone = cast<func::FuncOp>(objective->clone());
    clone.setName(name);
    module->push_back(clone);
    return clone;
  }
  SmallVector<FakeQuantOp> getQuantizers(func::FuncOp function) {
    return llvm::to_vector(function.getOps<FakeQuantOp>());
  }

  OwningOpRef<ModuleOp> network;
  std::optional<NetworkSections> sections;
  int block = -1;
  RegionQuantizers quantizers;
  CalibrationOptions options;
  func::FuncOp objective;
  /// The objective's arguments.
  SmallVector<RankedTensorType> types;
  /// Places of scale and zero point among them, and the largest integer.
  struct Place {
    unsigned scale, zeroPoint;
    double max;
  };
  SmallVector<Place> places;
};

void RegionLossTest::annotate(const std::string &source) {
  network = parseSourceString<ModuleOp>(source, &context);
  ASSERT_TRUE(network);
  PassManager passes(&context);
  AnnotateOptions annotation;
  buildAnnotatePipeline(passes, annotation);
  ASSERT_TRUE(succeeded(passes.run(*network)));
  sections.emplace(network->lookupSymbol<func::FuncOp>("main"));
  for (auto [index, section] : llvm::enumerate(sections->getSections()))
    if (RegionOp region = section.region;
        region && region.getSymName() == "block0")
      block = index;
  ASSERT_GE(block, 0) << "no block was found";
  auto found = collectQuantizers(sections->getSections()[block].region);
  ASSERT_TRUE(succeeded(found));
  quantizers = std::move(*found);
  setScales();
}

/// One scale for all channels of a weight, which a few of its elements exceed.
void RegionLossTest::setScales() {
  for (WeightQuantizer &quantizer : quantizers.weights) {
    FakeQuantOp op = quantizer.op;
    int64_t levels = op.getQuantizer().getMaxValue() + 1;
    SmallVector<int64_t> shape;
    if (auto axis = op.getQuantizer().getAxis())
      shape.push_back(quantizer.getType().getDimSize(*axis));
    quantizer.scale = HostTensor(shape, ElementType::F32);
    quantizer.zeroPoint = HostTensor(shape, ElementType::I32);
    float largest = 0;
    for (float element : quantizer.weight.values<float>())
      largest = std::max(largest, std::fabs(element));
    llvm::fill(quantizer.scale.values<float>(), 1.8f * largest / levels);
    llvm::fill(quantizer.zeroPoint.values<int32_t>(), levels / 2);
  }
}

/// The objective of the step program in one block, and its arguments.
void RegionLossTest::buildObjective() {
  options.batch = batch;
  options.outputs = {{OutputLoss::Divergence, 1}};
  RegionContext region{*sections, block, quantizers, options,
                       /*samples=*/batch};
  module = ModuleOp::create(UnknownLoc::get(&context));
  func::FuncOp tail =
      sections->buildTail(*module, "tail", block, TailBody::Folded);
  ASSERT_TRUE(succeeded(addStep(*module, region, tail, lossRingSize)));
  module->lookupSymbol(program::step)->erase();
  objective = module->lookupSymbol<func::FuncOp>("objective");
  ASSERT_TRUE(objective);
  // Or inlining removes it.
  objective.setPublic();
  PassManager passes(&context);
  passes.addPass(createInlinerPass());
  ASSERT_TRUE(succeeded(passes.run(*module)));
  widen(*module);
  for (Type type : objective.getArgumentTypes())
    types.push_back(cast<RankedTensorType>(type));
  for (FakeQuantOp op : getQuantizers(objective))
    places.push_back({cast<BlockArgument>(op.getScale()).getArgNumber(),
                      cast<BlockArgument>(op.getZeroPoint()).getArgNumber(),
                      double(op.getQuantizer().getMaxValue())});
}

/// Adds @recorded, which returns what the quantizers read.
void RegionLossTest::addRecorder() {
  func::FuncOp function = cloneObjective("recorded");
  Operation *terminator = function.getBody().front().getTerminator();
  SmallVector<Value> inputs =
      llvm::map_to_vector(getQuantizers(function), [](FakeQuantOp op) -> Value {
        return op.getInput();
      });
  terminator->setOperands(inputs);
  function.setType(FunctionType::get(&context, function.getArgumentTypes(),
                                     TypeRange(ValueRange(inputs))));
}

/// Adds @surrogate, which takes slope and factor of each quantizer as its last
/// arguments.
void RegionLossTest::addSurrogate() {
  func::FuncOp function = cloneObjective("surrogate");
  Block &body = function.getBody().front();
  for (FakeQuantOp op : getQuantizers(function)) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    SmallVector<Value> operands{op.getInput(), op.getScale(),
                                body.addArgument(op.getType(), op.getLoc()),
                                body.addArgument(op.getType(), op.getLoc())};
    if (op.getKeep())
      operands.push_back(op.getKeep());
    Value result = buildElementwise(
        b, op.getInput(), operands,
        [](ImplicitLocOpBuilder &nested, ValueRange args) -> Value {
          Value moved = arith::MulFOp::create(nested, args[0], args[2]);
          Value scaled = arith::MulFOp::create(nested, args[1], args[3]);
          Value sum = arith::AddFOp::create(nested, moved, scaled);
          if (args.size() > 4)
            sum = arith::SelectOp::create(nested, args[4], sum, args[0]);
          return sum;
        });
    op.replaceAllUsesWith(result);
    op.erase();
  }
  function.setType(FunctionType::get(&context, body.getArgumentTypes(),
                                     function.getResultTypes()));
}

/// Roundings and scales, which are in front of the zero points and the
/// schedule.
SmallVector<int64_t> RegionLossTest::getLearned() {
  int64_t numScales = quantizers.activations.size();
  int64_t end = types.size() - 3 - numScales;
  int64_t count = quantizers.weights.size() + numScales;
  return llvm::to_vector(llvm::seq(end - count, end));
}

SmallVector<BufferRef> RegionLossTest::makeArguments() {
  SmallVector<BufferRef> arguments;
  for (RankedTensorType type : types)
    // Activations behind a rectifier; roundings between the ends of their grid.
    arguments.push_back(upload(makeRandomDoubles(
        type.getShape(), arguments.size() + 1,
        type.getShape() == types.front().getShape() ? 0.6 : 0)));
  auto set = [&](unsigned index, auto value, ElementType type) {
    HostTensor tensor({}, type);
    tensor.values<decltype(value)>()[0] = value;
    arguments[index] = upload(tensor);
  };
  for (Place place : places) {
    set(place.scale, 1.6 / place.max, ElementType::F64);
    set(place.zeroPoint, int32_t(place.max / 3), ElementType::I32);
  }
  // The schedule: the iteration, the exponent and the weight of the
  // regularizer.
  set(types.size() - 3, int64_t(5), ElementType::I64);
  set(types.size() - 2, 7.3, ElementType::F64);
  set(types.size() - 1, 0.01, ElementType::F64);
  return arguments;
}

SmallVector<BufferRef> RegionLossTest::allocateResults(StringRef name) {
  return llvm::map_to_vector(
      module->lookupSymbol<func::FuncOp>(name).getResultTypes(),
      [&](Type type) {
        return executor->allocate(cast<RankedTensorType>(type).getShape(),
                                  ElementType::F64);
      });
}

SmallVector<FrozenQuantizer>
RegionLossTest::freeze(ArrayRef<BufferRef> arguments) {
  SmallVector<BufferRef> inputs = allocateResults("recorded");
  executable->call("recorded", arguments, inputs);
  SmallVector<FrozenQuantizer> frozen;
  for (auto [input, place] : llvm::zip_equal(inputs, places)) {
    frozen.emplace_back(
        input->read(), arguments[place.scale]->read().values<double>()[0],
        arguments[place.zeroPoint]->read().values<int32_t>()[0], place.max);
    ArrayRef<double> slopes = frozen.back().slope.values<double>();
    EXPECT_TRUE(llvm::is_contained(slopes, 0)) << "nothing is clamped";
    EXPECT_TRUE(llvm::is_contained(slopes, 1)) << "everything is clamped";
  }
  return frozen;
}

void RegionLossTest::checkBlock(const std::string &source) {
  SCOPED_TRACE(source.substr(0, 100));
  annotate(source);
  if (HasFatalFailure())
    return;
  buildObjective();
  if (HasFatalFailure())
    return;
  addRecorder();
  addSurrogate();
  SmallVector<int64_t> learned = getLearned();
  objective.setPrivate();
  addCaller("gradient", objective, learned);
  compileModule();
  if (HasFatalFailure())
    return;
  SmallVector<BufferRef> arguments = makeArguments();
  SmallVector<BufferRef> results = allocateResults("gradient");
  executable->call("gradient", arguments, results);
  SmallVector<BufferRef> all(arguments);
  for (const FrozenQuantizer &quantizer : freeze(arguments)) {
    all.push_back(upload(quantizer.slope));
    all.push_back(upload(quantizer.factor));
  }
  SmallVector<BufferRef> losses = allocateResults("surrogate");
  auto evaluate = [&] {
    executable->call("surrogate", all, losses);
    return losses.front()->read().values<double>()[0];
  };
  evaluate();
  for (int i = 0; i < 4; ++i) {
    double loss = results[i]->read().values<double>()[0];
    EXPECT_GT(loss, 0) << "loss " << i;
    EXPECT_NEAR(loss, losses[i]->read().values<double>()[0], 1e-9 * loss);
  }
  for (auto [place, index] : llvm::enumerate(learned)) {
    SCOPED_TRACE("argument " + std::to_string(index));
    HostTensor gradient = results[4 + place]->read();
    EXPECT_TRUE(llvm::any_of(gradient.values<double>(),
                             [](double element) { return element != 0; }));
    compareWithDifferences(gradient, *all[index], evaluate,
                           differencesPerArgument);
  }
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

/// A network of 6 x 6 images up to the block: one layer with 4 channels.
struct Stem {
  NetworkText network{{batch, 3, 6, 6}};
  NetworkValue value =
      network.rectify(network.convolve(network.getInput(), 4, 3));

  /// The network from the block's result on: one layer and the classifier.
  std::string finish(const NetworkValue &result) {
    return network.finish(network.rectify(network.convolve(result, 5, 1)), 3);
  }
};

TEST_F(RegionLossTest, BasicBlockWithConvolutionShortcut) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue main =
      n.convolve(n.rectify(n.convolve(stem.value, 8, 3, 2)), 8, 3);
  NetworkValue shortcut = n.convolve(stem.value, 8, 1, 2);
  checkBlock(stem.finish(n.rectify(n.add(main, shortcut))));
}

TEST_F(RegionLossTest, BasicBlockWithZeroPaddingShortcut) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue main =
      n.convolve(n.rectify(n.convolve(stem.value, 8, 3, 2)), 8, 3);
  NetworkValue shortcut = n.padShortcut(stem.value, 8);
  checkBlock(stem.finish(n.rectify(n.add(main, shortcut))));
}

TEST_F(RegionLossTest, Bottleneck) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue narrow = n.rectify(n.convolve(stem.value, 3, 1));
  NetworkValue inner = n.rectify(n.convolve(narrow, 3, 3));
  NetworkValue main = n.convolve(inner, 4, 1);
  checkBlock(stem.finish(n.rectify(n.add(main, stem.value))));
}

TEST_F(RegionLossTest, RegNetXBlock) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue first = n.rectify(n.convolve(stem.value, 6, 1));
  NetworkValue inner = n.rectify(n.convolveGroups(first, 2, 6, 3, 2));
  NetworkValue main = n.convolve(inner, 6, 1);
  NetworkValue shortcut = n.convolve(stem.value, 6, 1, 2);
  checkBlock(stem.finish(n.rectify(n.add(main, shortcut))));
}

TEST_F(RegionLossTest, InvertedResidual) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue wide = n.clamp(n.convolve(stem.value, 8, 1));
  NetworkValue inner = n.clamp(n.convolveDepthwise(wide, 3));
  NetworkValue main = n.convolve(inner, 4, 1);
  checkBlock(stem.finish(n.add(main, stem.value)));
}

TEST_F(RegionLossTest, MNasNetBlock) {
  Stem stem;
  NetworkText &n = stem.network;
  NetworkValue wide = n.rectify(n.convolve(stem.value, 6, 1));
  NetworkValue inner = n.rectify(n.convolveDepthwise(wide, 5, 2));
  checkBlock(stem.finish(n.convolve(inner, 5, 1)));
}

//===----------------------------------------------------------------------===//
// Other shapes
//===----------------------------------------------------------------------===//

/// A residual block of two layers and a shortcut with stride 2, in a network of
/// inputs of any shape.
std::string buildResidualNetwork(ArrayRef<int64_t> shape, bool channelsLast) {
  NetworkText n(shape, channelsLast);
  NetworkValue value = n.rectify(n.convolve(n.getInput(), 4, 3));
  NetworkValue main = n.convolve(n.rectify(n.convolve(value, 6, 3, 2)), 6, 3);
  NetworkValue shortcut = n.convolve(value, 6, 1, 2);
  NetworkValue block = n.rectify(n.add(main, shortcut));
  return n.finish(n.rectify(n.convolve(block, 5, 1)), 3);
}

TEST_F(RegionLossTest, ResidualBlockOfSignals) {
  checkBlock(buildResidualNetwork({batch, 3, 11}, /*channelsLast=*/false));
}

TEST_F(RegionLossTest, ResidualBlockOfVolumes) {
  checkBlock(buildResidualNetwork({batch, 3, 3, 5, 4}, /*channelsLast=*/false));
}

TEST_F(RegionLossTest, ResidualBlockWithChannelsLast) {
  checkBlock(buildResidualNetwork({batch, 6, 6, 3}, /*channelsLast=*/true));
}

TEST_F(RegionLossTest, ResidualBlockOfSignalsWithChannelsLast) {
  checkBlock(buildResidualNetwork({batch, 11, 3}, /*channelsLast=*/true));
}

} // namespace
