// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First scale and zero point of a quantizer (init_minmax, init_mse, init_pow2).

#include "pdq/Calibration/Scales/ScaleSearch.h"
#include "ChannelSearch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Programs/Program.h"

using namespace mlir;
using namespace mlir::pdq;

/// Candidates of each channel that are scored by one call.
static constexpr size_t candidatesPerCall = 64;
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

/// The bins of each channel.
static std::vector<ErrorBound> makeBounds(const HostTensor &data,
                                          std::optional<int64_t> axis,
                                          ArrayRef<ChannelRange> ranges) {
  std::vector<ErrorBound> bounds;
  for (ChannelRange range : ranges)
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
    const ScaleCandidate &candidate =
        row.empty()
            ? channel.getBest()
            : channel.getCandidate(row[std::min(i % width, row.size() - 1)]);
    packed.scale.values<float>()[i] = candidate.scale;
    packed.zeroPoint.values<int32_t>()[i] = candidate.zeroPoint;
  }
  return packed;
}

static QuantizerParameters packBest(ArrayRef<ScaleCandidate> best,
                                    bool perAxis) {
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
  FailureOr<TensorRanges> ranges = findRanges(values, axis);
  if (failed(ranges)) {
    emitError(loc, "cannot choose a scale for values that are not finite");
    return failure();
  }
  ScaleGrid grid(quantizer.getMaxValue(), rules.powerOfTwo, isSymmetric);
  SmallVector<ScaleCandidate> best;
  for (ChannelRange range : ranges->channels)
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
