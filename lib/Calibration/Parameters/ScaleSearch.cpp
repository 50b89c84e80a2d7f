// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First scale and zero point of a quantizer (init_minmax, init_mse, init_pow2).

#include "pdq/Calibration/Parameters/ScaleSearch.h"
#include "ErrorBound.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Programs/Program.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Candidates of each channel that are scored by one call.
static constexpr size_t candidatesPerCall = 64;
/// Widths tried.
static constexpr int numWidths = 100;
/// Scores are sums of `count` numbers of f32, in at least 16 parts: a bound
/// that is larger than a score by this factor or less may be of a better
/// candidate.
static double getRoundingMargin(double count) {
  return 1.01 + count / 16 * std::numeric_limits<float>::epsilon();
}

namespace {
/// Range of one channel; contains 0.
struct Interval {
  float lo = 0, hi = 0;
};

/// Ranges of all channels, and on which side of 0 the whole tensor lies.
struct Ranges {
  SmallVector<Interval> channels;
  bool anyNegative = false, anyPositive = false;
};

struct Candidate {
  float scale;
  int32_t zeroPoint;
};
} // namespace

/// Elements from one index of `axis` to the next.
static int64_t getInnerSize(ArrayRef<int64_t> shape,
                            std::optional<int64_t> axis) {
  return axis ? ShapedType::getNumElements(shape.drop_front(*axis + 1)) : 1;
}

/// Failure where there is a NaN or infinity.
static FailureOr<Ranges> findRanges(const HostTensor &data,
                                    std::optional<int64_t> axis) {
  int64_t inner = getInnerSize(data.getShape(), axis);
  int64_t channels = axis ? data.getShape()[*axis] : 1;
  Ranges ranges;
  ranges.channels.resize(channels);
  for (auto [i, value] : llvm::enumerate(data.values<float>())) {
    if (!std::isfinite(value))
      return failure();
    Interval &range = ranges.channels[axis ? i / inner % channels : 0];
    range.lo = std::min(range.lo, value);
    range.hi = std::max(range.hi, value);
    ranges.anyNegative |= value < 0;
    ranges.anyPositive |= value > 0;
  }
  return ranges;
}

namespace {
/// The quantizers that may be chosen: integers 0 to n, scales and zero points.
class Grid {
public:
  Grid(int64_t n, bool powerOfTwo, bool isSymmetric)
      : n(n), powerOfTwo(powerOfTwo), isSymmetric(isSymmetric) {}

  /// The quantizer that covers [lo, hi].
  Candidate cover(float lo, float hi) const;
  /// init_mse: what is tried for one channel, in order.
  SmallVector<Candidate> listCandidates(Interval range,
                                        const Ranges &all) const;

private:
  float fitScale(float scale) const;

  int64_t n;
  bool powerOfTwo;
  bool isSymmetric;
};
} // namespace

/// init_pow2: the next power of two, which covers as much.
float Grid::fitScale(float scale) const {
  scale = std::max(scale, 1e-8f);
  return powerOfTwo ? std::exp2(std::ceil(std::log2(scale))) : scale;
}

/// init_minmax, or init_symmetric.
Candidate Grid::cover(float lo, float hi) const {
  lo = std::min(lo, 0.0f);
  hi = std::max(hi, 0.0f);
  if (isSymmetric) {
    int32_t middle = (n + 1) / 2;
    return {fitScale(std::max(-lo / middle, hi / (n - middle))), middle};
  }
  float scale = fitScale((hi - lo) / n);
  float zeroPoint =
      std::clamp(-std::nearbyint(lo / scale), 0.0f, static_cast<float>(n));
  return {scale, static_cast<int32_t>(zeroPoint)};
}

SmallVector<Candidate> Grid::listCandidates(Interval range,
                                            const Ranges &all) const {
  SmallVector<Candidate> candidates;
  bool twoSided = all.anyNegative && all.anyPositive;
  for (int i = 1; i <= numWidths; ++i) {
    if (isSymmetric) {
      candidates.push_back(
          cover(range.lo * i / numWidths, range.hi * i / numWidths));
      continue;
    }
    if (!twoSided) {
      float reach = std::max(-range.lo, range.hi) * i / numWidths;
      candidates.push_back(all.anyNegative ? cover(-reach, 0)
                                           : cover(0, reach));
      continue;
    }
    float width = (range.hi - range.lo) * i / numWidths;
    for (int64_t z = 0; z <= n; ++z) {
      float lo = -z * width / n;
      candidates.push_back(cover(lo, width + lo));
    }
  }
  return candidates;
}

//===----------------------------------------------------------------------===//
// The scoring program
//===----------------------------------------------------------------------===//

/// |fake_quant(x) - x|^2.4 for one element; arguments x, scale, zero point.
static Value buildError(ImplicitLocOpBuilder &b, ValueRange args, float n) {
  Type type = args[0].getType();
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, FloatAttr::get(type, value));
  };
  Value zeroPoint = arith::SIToFPOp::create(b, type, args[2]);
  Value q = math::RoundEvenOp::create(
      b, arith::DivFOp::create(b, args[0], args[1]).getResult());
  q = arith::AddFOp::create(b, q, zeroPoint);
  q = arith::MaximumFOp::create(b, q, constant(0));
  q = arith::MinimumFOp::create(b, q, constant(n));
  Value value = arith::MulFOp::create(
      b, arith::SubFOp::create(b, q, zeroPoint).getResult(), args[1]);
  Value error = math::AbsFOp::create(
      b, arith::SubFOp::create(b, value, args[0]).getResult());
  return math::PowFOp::create(b, error, constant(errorExponent));
}

/// Adds `score`: (data, scales, zero points) -> sums of errors; the last three
/// have shape [candidates] or [channels, candidates].
static void addScoreProgram(ModuleOp module, ArrayRef<int64_t> shape,
                            QuantizerAttr quantizer, int64_t candidates) {
  ProgramBuilder program(module, "score");
  ImplicitLocOpBuilder &b = program.getBuilder();
  SmallVector<int64_t> scoreShape{candidates};
  if (quantizer.getAxis())
    scoreShape.insert(scoreShape.begin(), shape[*quantizer.getAxis()]);
  auto scoreType = RankedTensorType::get(scoreShape, b.getF32Type());
  Value data =
      program.addArgument(RankedTensorType::get(shape, b.getF32Type()));
  Value scales = program.addArgument(scoreType);
  Value zeroPoints = program.addArgument(scoreType.clone(b.getI32Type()));

  // Loops: the candidate, then the dimensions of the data.
  unsigned numLoops = shape.size() + 1;
  SmallVector<AffineExpr> dataResults, scoreResults;
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::reduction);
  iterators[0] = utils::IteratorType::parallel;
  for (unsigned i = 1; i < numLoops; ++i)
    dataResults.push_back(b.getAffineDimExpr(i));
  if (quantizer.getAxis()) {
    scoreResults.push_back(b.getAffineDimExpr(*quantizer.getAxis() + 1));
    iterators[*quantizer.getAxis() + 1] = utils::IteratorType::parallel;
  }
  scoreResults.push_back(b.getAffineDimExpr(0));
  auto dataMap = AffineMap::get(numLoops, 0, dataResults, b.getContext());
  auto scoreMap = AffineMap::get(numLoops, 0, scoreResults, b.getContext());
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Value init =
      linalg::FillOp::create(
          b, zero,
          tensor::EmptyOp::create(b, scoreShape, b.getF32Type()).getResult())
          .getResult(0);
  float n = quantizer.getMaxValue();
  auto sum = linalg::GenericOp::create(
      b, scoreType, ValueRange{data, scales, zeroPoints}, init,
      {dataMap, scoreMap, scoreMap, scoreMap}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value error = buildError(body, args, n);
        linalg::YieldOp::create(
            body, arith::AddFOp::create(body, args[3], error).getResult());
      });
  program.finish(sum.getResults());
}

FailureOr<Executable *> ScaleSearch::getProgram(Location loc,
                                                ArrayRef<int64_t> shape,
                                                QuantizerAttr quantizer,
                                                int64_t candidates) {
  std::string key;
  llvm::raw_string_ostream os(key);
  llvm::interleave(shape, os, "x");
  os << "/" << quantizer << "/" << candidates;
  std::unique_ptr<Executable> &program = programs[key];
  if (!program) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    addScoreProgram(*module, shape, quantizer, candidates);
    auto compiled = executor.compile(*module);
    if (failed(compiled))
      return failure();
    program = std::move(*compiled);
  }
  return program.get();
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// The candidates of one channel: which may be the best one, and which is.
class mlir::pdq::ChannelSearch {
public:
  ChannelSearch(SmallVector<Candidate> candidates, Candidate initial,
                const ErrorBound &bound, int64_t n, bool exhaustive);

  /// The candidates to score next, at most `count`; none where the best one is
  /// known.
  ArrayRef<unsigned> takeNext(size_t count);
  /// Takes in the score of a candidate; of equal ones the first in the list is
  /// better.
  void update(unsigned number, float score);

  const Candidate &getCandidate(unsigned number) const {
    return candidates[number];
  }
  const Candidate &getBest() const {
    return bestNumber == none ? initial : candidates[bestNumber];
  }

private:
  static constexpr unsigned none = ~0u;
  bool canBeBest(unsigned number);
  std::pair<double, double> getRange(unsigned number) const;

  SmallVector<Candidate> candidates;
  Candidate initial;
  const ErrorBound &bound;
  int64_t n;
  bool exhaustive;
  /// Candidates that were not scored, the most promising ones last.
  SmallVector<unsigned> open;
  SmallVector<unsigned> taken;
  unsigned bestNumber = none;
  float bestScore = 1e30f;
};

ChannelSearch::ChannelSearch(SmallVector<Candidate> list, Candidate initial,
                             const ErrorBound &bound, int64_t n,
                             bool exhaustive)
    : candidates(std::move(list)), initial(initial), bound(bound), n(n),
      exhaustive(exhaustive),
      open(llvm::to_vector(llvm::seq<unsigned>(0, candidates.size()))) {
  SmallVector<double> estimates;
  for (unsigned number : open) {
    auto [lo, hi] = getRange(number);
    estimates.push_back(bound.estimate(lo, hi, candidates[number].scale));
  }
  llvm::sort(open, [&](unsigned a, unsigned b) {
    return estimates[a] != estimates[b] ? estimates[a] > estimates[b] : a < b;
  });
}

/// What the integers 0 to n stand for.
std::pair<double, double> ChannelSearch::getRange(unsigned number) const {
  const Candidate &candidate = candidates[number];
  double scale = candidate.scale;
  return {-candidate.zeroPoint * scale, (n - candidate.zeroPoint) * scale};
}

/// Cheap bounds first: most candidates clip too much.
bool ChannelSearch::canBeBest(unsigned number) {
  if (exhaustive || bestNumber == none)
    return true;
  auto [lo, hi] = getRange(number);
  double limit = bestScore * getRoundingMargin(bound.getCount());
  return bound.getClippingBound(lo, hi) <= limit &&
         bound.getBound(lo, hi, candidates[number].scale) <= limit;
}

ArrayRef<unsigned> ChannelSearch::takeNext(size_t count) {
  taken.clear();
  while (taken.size() < count && !open.empty())
    if (unsigned number = open.pop_back_val(); canBeBest(number))
      taken.push_back(number);
  return taken;
}

void ChannelSearch::update(unsigned number, float score) {
  if (score > bestScore || (score == bestScore && number >= bestNumber) ||
      !(score < 1e30f))
    return;
  bestScore = score;
  bestNumber = number;
}

/// The bins of each channel.
static std::vector<ErrorBound> makeBounds(const HostTensor &data,
                                          std::optional<int64_t> axis,
                                          ArrayRef<Interval> ranges) {
  std::vector<ErrorBound> bounds;
  for (Interval range : ranges)
    bounds.emplace_back(range.lo, range.hi,
                        data.getNumElements() / ranges.size());
  int64_t inner = getInnerSize(data.getShape(), axis);
  for (auto [i, value] : llvm::enumerate(data.values<float>()))
    bounds[axis ? i / inner % ranges.size() : 0].add(value);
  for (ErrorBound &bound : bounds)
    bound.finish();
  return bounds;
}

/// Scales and zero points of the candidates that each channel takes; one that
/// takes fewer, or none, repeats itself.
static QuantizerParameters packTaken(ArrayRef<ChannelSearch> channels,
                                     ArrayRef<SmallVector<unsigned>> taken,
                                     ArrayRef<int64_t> shape) {
  QuantizerParameters packed{HostTensor(shape, ElementType::F32),
                             HostTensor(shape, ElementType::I32)};
  size_t width = shape.back();
  for (size_t i = 0, e = packed.scale.getNumElements(); i < e; ++i) {
    const ChannelSearch &channel = channels[i / width];
    ArrayRef<unsigned> row = taken[i / width];
    const Candidate &candidate =
        row.empty()
            ? channel.getBest()
            : channel.getCandidate(row[std::min(i % width, row.size() - 1)]);
    packed.scale.values<float>()[i] = candidate.scale;
    packed.zeroPoint.values<int32_t>()[i] = candidate.zeroPoint;
  }
  return packed;
}

static QuantizerParameters packBest(ArrayRef<Candidate> best, bool perAxis) {
  SmallVector<int64_t> shape;
  if (perAxis)
    shape.push_back(best.size());
  QuantizerParameters packed{HostTensor(shape, ElementType::F32),
                             HostTensor(shape, ElementType::I32)};
  for (auto [i, candidate] : llvm::enumerate(best)) {
    packed.scale.values<float>()[i] = candidate.scale;
    packed.zeroPoint.values<int32_t>()[i] = candidate.zeroPoint;
  }
  return packed;
}

/// Scores candidates of all channels until each knows its best one.
LogicalResult ScaleSearch::score(Location loc, const BufferRef &data,
                                 QuantizerAttr quantizer,
                                 MutableArrayRef<ChannelSearch> channels) {
  SmallVector<int64_t> shape{candidatesPerCall};
  if (quantizer.getAxis())
    shape.insert(shape.begin(), channels.size());
  FailureOr<Executable *> program =
      getProgram(loc, data->getShape(), quantizer, shape.back());
  if (failed(program))
    return failure();
  BufferRef scales = executor.allocate(shape, ElementType::F32);
  BufferRef zeros = executor.allocate(shape, ElementType::I32);
  BufferRef scores = executor.allocate(shape, ElementType::F32);
  while (true) {
    SmallVector<SmallVector<unsigned>> taken;
    for (ChannelSearch &channel : channels)
      taken.emplace_back(channel.takeNext(candidatesPerCall));
    if (llvm::all_of(taken, [](ArrayRef<unsigned> row) { return row.empty(); }))
      return success();
    QuantizerParameters packed = packTaken(channels, taken, shape);
    scales->write(packed.scale);
    zeros->write(packed.zeroPoint);
    (*program)->call("score", {data, scales, zeros}, {scores});
    HostTensor rows = scores->read();
    for (size_t c = 0; c < channels.size(); ++c)
      for (auto [k, number] : llvm::enumerate(taken[c]))
        channels[c].update(number,
                           rows.values<float>()[c * candidatesPerCall + k]);
  }
}

FailureOr<QuantizerParameters> ScaleSearch::search(Location loc,
                                                   const BufferRef &data,
                                                   QuantizerAttr quantizer,
                                                   bool isSymmetric) {
  std::optional<int64_t> axis = quantizer.getAxis();
  HostTensor values = data->read();
  FailureOr<Ranges> ranges = findRanges(values, axis);
  if (failed(ranges)) {
    emitError(loc, "cannot choose a scale for values that are not finite");
    return failure();
  }
  Grid grid(quantizer.getMaxValue(), rules.powerOfTwo, isSymmetric);
  SmallVector<Candidate> best;
  for (Interval range : ranges->channels)
    best.push_back(grid.cover(range.lo, range.hi));
  if (rules.init == ScaleInit::MinMax)
    return packBest(best, axis.has_value());

  std::vector<ErrorBound> bounds = makeBounds(values, axis, ranges->channels);
  std::vector<ChannelSearch> channels;
  for (auto [range, initial, bound] :
       llvm::zip_equal(ranges->channels, best, bounds))
    channels.emplace_back(grid.listCandidates(range, *ranges), initial, bound,
                          quantizer.getMaxValue(), rules.exhaustive);
  if (failed(score(loc, data, quantizer, channels)))
    return failure();
  for (auto [candidate, channel] : llvm::zip_equal(best, channels))
    candidate = channel.getBest();
  return packBest(best, axis.has_value());
}

FailureOr<QuantizerParameters>
ScaleSearch::searchWeight(Location loc, const BufferRef &data,
                          QuantizerAttr quantizer) {
  return search(loc, data, quantizer, rules.symmetricWeights);
}

FailureOr<QuantizerParameters>
ScaleSearch::searchActivation(Location loc, const BufferRef &data,
                              QuantizerAttr quantizer) {
  return search(loc, data, quantizer, /*isSymmetric=*/false);
}
