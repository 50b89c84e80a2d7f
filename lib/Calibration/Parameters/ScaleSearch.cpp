// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First scale and zero point of a quantizer (init_minmax, init_mse).

#include "pdq/Calibration/Parameters/ScaleSearch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Programs/Program.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// Candidates scored by one call.
static constexpr int64_t maxCandidates = 1024;
/// Widths tried, and the norm of the error.
static constexpr int numWidths = 100;
static constexpr double errorExponent = 2.4;

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

/// Failure where there is a NaN or infinity.
static FailureOr<Ranges> findRanges(const HostTensor &data,
                                    std::optional<int64_t> axis) {
  ArrayRef<int64_t> shape = data.getShape();
  int64_t inner = 1, channels = axis ? shape[*axis] : 1;
  if (axis)
    for (int64_t size : shape.drop_front(*axis + 1))
      inner *= size;
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

/// The quantizer that covers [lo, hi] with integers 0 to n.
static Candidate cover(float lo, float hi, float n) {
  lo = std::min(lo, 0.0f);
  hi = std::max(hi, 0.0f);
  float scale = std::max((hi - lo) / n, 1e-8f);
  float zeroPoint = std::clamp(-std::nearbyint(lo / scale), 0.0f, n);
  return {scale, static_cast<int32_t>(zeroPoint)};
}

/// init_mse: what is tried for one channel, in order.
static SmallVector<Candidate> listCandidates(Interval range, const Ranges &all,
                                             int64_t n) {
  SmallVector<Candidate> candidates;
  bool twoSided = all.anyNegative && all.anyPositive;
  for (int i = 1; i <= numWidths; ++i) {
    if (!twoSided) {
      float reach = std::max(-range.lo, range.hi) * i / numWidths;
      candidates.push_back(all.anyNegative ? cover(-reach, 0, n)
                                           : cover(0, reach, n));
      continue;
    }
    float width = (range.hi - range.lo) * i / numWidths;
    for (int64_t z = 0; z <= n; ++z) {
      float lo = -z * width / n;
      candidates.push_back(cover(lo, width + lo, n));
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

namespace {
/// The best candidates so far, one per channel.
struct Best {
  SmallVector<Candidate> candidates;
  SmallVector<float> scores;

  /// Takes in the scores of candidates [first, first + size of a row); ties go
  /// to the first.
  void update(const HostTensor &rows, ArrayRef<SmallVector<Candidate>> tried,
              size_t first) {
    size_t width = rows.getShape().back();
    for (size_t c = 0; c < tried.size(); ++c)
      for (size_t k = 0; k < width && first + k < tried[c].size(); ++k) {
        float score = rows.values<float>()[c * width + k];
        if (!(score < scores[c]))
          continue;
        scores[c] = score;
        candidates[c] = tried[c][first + k];
      }
  }
};
} // namespace

/// Scales and zero points of candidates [first, first + width) of each channel;
/// the last candidate fills up.
static QuantizerParameters
packCandidates(ArrayRef<SmallVector<Candidate>> candidates,
               ArrayRef<int64_t> shape, size_t first) {
  QuantizerParameters packed{HostTensor(shape, ElementType::F32),
                             HostTensor(shape, ElementType::I32)};
  size_t width = shape.back();
  for (size_t i = 0, e = packed.scale.getNumElements(); i < e; ++i) {
    ArrayRef<Candidate> row = candidates[i / width];
    const Candidate &candidate =
        row[std::min(first + i % width, row.size() - 1)];
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

FailureOr<QuantizerParameters> ScaleSearch::search(Location loc,
                                                   const BufferRef &data,
                                                   QuantizerAttr quantizer) {
  std::optional<int64_t> axis = quantizer.getAxis();
  FailureOr<Ranges> ranges = findRanges(data->read(), axis);
  if (failed(ranges)) {
    emitError(loc, "cannot choose a scale for values that are not finite");
    return failure();
  }
  int64_t n = quantizer.getMaxValue();
  Best best;
  for (Interval range : ranges->channels)
    best.candidates.push_back(cover(range.lo, range.hi, n));
  if (init == ScaleInit::MinMax)
    return packBest(best.candidates, axis.has_value());

  best.scores.assign(best.candidates.size(), 1e30f);
  SmallVector<SmallVector<Candidate>> candidates;
  for (Interval range : ranges->channels)
    candidates.push_back(listCandidates(range, *ranges, n));
  size_t count = candidates.front().size();
  SmallVector<int64_t> shape{std::min<int64_t>(count, maxCandidates)};
  FailureOr<Executable *> program =
      getProgram(loc, data->getShape(), quantizer, shape.back());
  if (failed(program))
    return failure();
  if (axis)
    shape.insert(shape.begin(), candidates.size());
  BufferRef scales = executor.allocate(shape, ElementType::F32);
  BufferRef zeroPoints = executor.allocate(shape, ElementType::I32);
  BufferRef scores = executor.allocate(shape, ElementType::F32);
  for (size_t first = 0; first < count; first += shape.back()) {
    QuantizerParameters packed = packCandidates(candidates, shape, first);
    scales->write(packed.scale);
    zeroPoints->write(packed.zeroPoint);
    (*program)->call("score", {data, scales, zeroPoints}, {scores});
    best.update(scores->read(), candidates, first);
  }
  return packBest(best.candidates, axis.has_value());
}
