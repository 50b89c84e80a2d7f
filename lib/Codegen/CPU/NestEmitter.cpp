// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop nest of a kernel: range, outer loops, register tile, reductions.

#include "NestEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/Common/PayloadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Part of a loop that is walked in equal steps.
struct Stretch {
  int64_t begin, steps;
  /// Rows, or vectors and lanes, of one step.
  int64_t size, lanes = 1;
};

class NestEmitter {
public:
  NestEmitter(plan::KernelOp kernel, const KernelStrategy &strategy)
      : kernel(kernel), strategy(strategy), op(strategy.space.op),
        b(op.getLoc(), op.getOperation()) {
    position.indices.resize(strategy.space.loops.size());
  }

  void emit();

private:
  using BodyFn = function_ref<void()>;
  using CarriedFn = function_ref<SmallVector<Value>(ValueRange)>;

  void emitRange(BodyFn body);
  void emitLoops(ArrayRef<unsigned> loops, BodyFn body);
  void emitStretch(unsigned loop, const Stretch &stretch, int64_t step,
                   BodyFn body);
  SmallVector<Value> emitReductions(ArrayRef<unsigned> loops,
                                    ValueRange carried, CarriedFn body);
  void emitTiles();
  void emitTile(int64_t rows, int64_t vectors, unsigned lanes);
  void emitElements(PayloadEmitter &payload, int64_t vectors);
  void emitAccumulation(PayloadEmitter &payload, int64_t rows, int64_t vectors);
  void emitLaneReduction();
  Value emitLaneStretch(const Stretch &stretch, Type element);
  SmallVector<Value> emitLanePass(PayloadEmitter &payload,
                                  const Stretch &stretch, ValueRange zeros);
  Value combineLanes(Value combined, int64_t lanes);

  plan::KernelOp kernel;
  const KernelStrategy &strategy;
  linalg::LinalgOp op;
  ImplicitLocOpBuilder b;
  NestPosition position;
};
} // namespace

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The outermost loop runs over the part that the caller asks for; an empty
/// part does nothing, also where there is nothing to split.
void NestEmitter::emitRange(BodyFn body) {
  int64_t extent =
      strategy.range ? strategy.space.loops[*strategy.range].extent : 1;
  kernel.setRange(extent);
  kernel.setForm(plan::Form::Vector);
  auto range = plan::RangeOp::create(b);
  Value one = arith::ConstantIndexOp::create(b, 1);
  auto loop = scf::ForOp::create(b, range.getBegin(), range.getEnd(), one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  if (strategy.range)
    position.indices[*strategy.range] = loop.getInductionVar();
  body();
}

void NestEmitter::emitLoops(ArrayRef<unsigned> loops, BodyFn body) {
  if (loops.empty())
    return body();
  unsigned loop = loops.front();
  emitStretch(loop, {0, strategy.space.loops[loop].extent, 1}, 1,
              [&] { emitLoops(loops.drop_front(), body); });
}

/// Walks a stretch of a loop, `step` iterations at a time.
void NestEmitter::emitStretch(unsigned loop, const Stretch &stretch,
                              int64_t step, BodyFn body) {
  Value begin = arith::ConstantIndexOp::create(b, stretch.begin);
  if (stretch.steps == 1) {
    position.indices[loop] = begin;
    return body();
  }
  Value end =
      arith::ConstantIndexOp::create(b, stretch.begin + stretch.steps * step);
  auto nest = scf::ForOp::create(b, begin, end,
                                 arith::ConstantIndexOp::create(b, step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  position.indices[loop] = nest.getInductionVar();
  body();
}

/// Iterations of the innermost reduction that are written out.
static int64_t getUnroll(int64_t extent) {
  if (extent <= 4)
    return extent;
  return extent % 4 == 0 ? 4 : extent % 3 == 0 ? 3 : 1;
}

SmallVector<Value> NestEmitter::emitReductions(ArrayRef<unsigned> loops,
                                               ValueRange carried,
                                               CarriedFn body) {
  if (loops.empty())
    return body(carried);
  unsigned loop = loops.front();
  int64_t extent = strategy.space.loops[loop].extent;
  int64_t unroll = loops.size() == 1 ? getUnroll(extent) : 1;
  auto emitSteps = [&](Value first, ValueRange values) {
    SmallVector<Value> current(values);
    for (int64_t i = 0; i < unroll; ++i) {
      position.indices[loop] =
          i == 0 ? first
                 : arith::AddIOp::create(b, first,
                                         arith::ConstantIndexOp::create(b, i))
                       .getResult();
      current = emitReductions(loops.drop_front(), current, body);
    }
    return current;
  };
  if (extent == unroll)
    return emitSteps(arith::ConstantIndexOp::create(b, 0), carried);
  auto nest =
      scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0),
                         arith::ConstantIndexOp::create(b, extent),
                         arith::ConstantIndexOp::create(b, unroll), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  SmallVector<Value> results =
      emitSteps(nest.getInductionVar(), nest.getRegionIterArgs());
  scf::YieldOp::create(b, results);
  return SmallVector<Value>(nest.getResults());
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Splits the vectorized loop: whole tiles, single vectors, then narrower ones.
static SmallVector<Stretch> splitVectors(int64_t extent, int64_t vectors,
                                         int64_t lanes) {
  SmallVector<Stretch> stretches;
  int64_t begin = 0;
  auto take = [&](int64_t size, int64_t width) {
    int64_t steps = (extent - begin) / (size * width);
    if (steps == 0)
      return;
    stretches.push_back({begin, steps, size, width});
    begin += steps * size * width;
  };
  if (vectors > 1)
    take(vectors, lanes);
  for (int64_t width = lanes; width >= 4; width /= 2)
    take(1, width);
  take(1, 1);
  return stretches;
}

static SmallVector<Stretch> splitRows(int64_t extent, int64_t rows) {
  SmallVector<Stretch> stretches{{0, extent / rows, rows}};
  if (int64_t rest = extent % rows)
    stretches.push_back({extent - rest, 1, rest});
  return stretches;
}

void NestEmitter::emitTiles() {
  auto emitVectors = [&](int64_t rows) {
    if (!strategy.vector)
      return emitTile(rows, 1, 1);
    int64_t extent = strategy.space.loops[*strategy.vector].extent;
    for (const Stretch &stretch :
         splitVectors(extent, strategy.numVectors, strategy.lanes))
      emitStretch(*strategy.vector, stretch, stretch.size * stretch.lanes,
                  [&] { emitTile(rows, stretch.size, stretch.lanes); });
  };
  if (!strategy.rows)
    return emitVectors(1);
  int64_t extent = strategy.space.loops[*strategy.rows].extent;
  for (const Stretch &stretch : splitRows(extent, strategy.numRows))
    emitStretch(*strategy.rows, stretch, stretch.size,
                [&] { emitVectors(stretch.size); });
}

void NestEmitter::emitTile(int64_t rows, int64_t vectors, unsigned lanes) {
  PayloadEmitter payload(b, strategy, lanes);
  if (strategy.reduction.combiner)
    emitAccumulation(payload, rows, vectors);
  else
    emitElements(payload, vectors);
}

/// No reduction: computes and stores each element once.
void NestEmitter::emitElements(PayloadEmitter &payload, int64_t vectors) {
  unsigned numInputs = op.getNumDpsInputs();
  Operation *yield = op.getBlock()->getTerminator();
  unsigned lanes = 1;
  if (auto type = dyn_cast<VectorType>(payload.getWideType(b.getF32Type())))
    lanes = type.getNumElements();
  for (int64_t vector = 0; vector < vectors; ++vector) {
    position.vector = vector * lanes;
    SmallVector<Value> values =
        payload.evaluate(yield->getOperands(), position);
    for (auto [i, value] : llvm::enumerate(values))
      payload.store(value, numInputs + i, position);
  }
  position.vector = 0;
}

/// A register tile of accumulators over the inner reductions.
void NestEmitter::emitAccumulation(PayloadEmitter &payload, int64_t rows,
                                   int64_t vectors) {
  unsigned output = op.getDpsInitOperand(0)->getOperandNumber();
  unsigned lanes = 1;
  if (auto type = dyn_cast<VectorType>(payload.getWideType(b.getF32Type())))
    lanes = type.getNumElements();
  auto forEach = [&](function_ref<void(size_t)> visit) {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t vector = 0; vector < vectors; ++vector) {
        position.row = row;
        position.vector = vector * lanes;
        visit(row * vectors + vector);
      }
    position.row = position.vector = 0;
  };
  SmallVector<Value> accumulators;
  forEach([&](size_t) {
    accumulators.push_back(payload.widen(payload.load(output, position)));
  });
  accumulators =
      emitReductions(strategy.inner, accumulators, [&](ValueRange carried) {
        SmallVector<Value> updated(carried);
        payload.startPosition();
        forEach([&](size_t i) {
          updated[i] = buildCombined(b, payload, strategy.reduction, updated[i],
                                     position);
        });
        payload.startPosition();
        return updated;
      });
  forEach([&](size_t i) { payload.store(accumulators[i], output, position); });
}

//===----------------------------------------------------------------------===//
// Reductions in lanes
//===----------------------------------------------------------------------===//

/// One pass over a stretch of the vectorized loop, which accumulates from
/// `zeros`: a value for each vector of a step.
SmallVector<Value> NestEmitter::emitLanePass(PayloadEmitter &payload,
                                             const Stretch &stretch,
                                             ValueRange zeros) {
  int64_t step = stretch.size * stretch.lanes;
  auto nest = scf::ForOp::create(
      b, arith::ConstantIndexOp::create(b, stretch.begin),
      arith::ConstantIndexOp::create(b, stretch.begin + stretch.steps * step),
      arith::ConstantIndexOp::create(b, step), zeros);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  position.indices[*strategy.vector] = nest.getInductionVar();
  payload.startPosition();
  SmallVector<Value> updated(nest.getRegionIterArgs());
  for (int64_t vector = 0; vector < stretch.size; ++vector) {
    position.vector = vector * stretch.lanes;
    updated[vector] = buildCombined(b, payload, strategy.reduction,
                                    updated[vector], position);
  }
  position.vector = 0;
  payload.startPosition();
  scf::YieldOp::create(b, updated);
  return SmallVector<Value>(nest.getResults());
}

/// Combines the lanes of a value pairwise, the upper half with the lower one.
Value NestEmitter::combineLanes(Value combined, int64_t lanes) {
  for (int64_t width = lanes / 2; width >= 1; width /= 2) {
    Value low = vector::ExtractStridedSliceOp::create(
        b, combined, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{width},
        ArrayRef<int64_t>{1});
    Value high = vector::ExtractStridedSliceOp::create(
        b, combined, ArrayRef<int64_t>{width}, ArrayRef<int64_t>{width},
        ArrayRef<int64_t>{1});
    combined = buildCombiner(b, strategy.reduction, low, high);
  }
  if (isa<VectorType>(combined.getType()))
    combined = vector::ExtractOp::create(b, combined, 0);
  return combined;
}

/// What a stretch of the vectorized loop contributes to an output of type
/// `element`.
Value NestEmitter::emitLaneStretch(const Stretch &stretch, Type element) {
  SmallVector<unsigned> others(strategy.inner);
  llvm::erase(others, *strategy.vector);
  PayloadEmitter payload(b, strategy, stretch.lanes);
  Type wide = payload.getWideType(element);
  SmallVector<Value> zeros(stretch.size,
                           buildIdentity(b, strategy.reduction, wide));
  SmallVector<Value> sums =
      emitReductions(others, zeros, [&](ValueRange carried) {
        SmallVector<Value> updated(carried);
        for (auto [value, partial] :
             llvm::zip_equal(updated, emitLanePass(payload, stretch, zeros)))
          value = buildCombiner(b, strategy.reduction, value, partial);
        return updated;
      });
  for (Value sum : ArrayRef(sums).drop_front())
    sums.front() = buildCombiner(b, strategy.reduction, sums.front(), sum);
  return combineLanes(sums.front(), stretch.lanes);
}

/// The vectorized loop is a reduction. Each pass over it accumulates for
/// itself, which keeps long sums exact; lanes are combined pairwise at the end.
void NestEmitter::emitLaneReduction() {
  unsigned output = op.getDpsInitOperand(0)->getOperandNumber();
  PayloadEmitter scalar(b, strategy, 1);
  Type element = strategy.space.operands[output].type.getElementType();
  int64_t extent = strategy.space.loops[*strategy.vector].extent;
  Value total = scalar.load(output, position);
  for (const Stretch &stretch :
       splitVectors(extent, strategy.numVectors, strategy.lanes)) {
    Value part = emitLaneStretch(stretch, element);
    total = buildCombiner(b, strategy.reduction, total, part);
  }
  position.indices[*strategy.vector] = Value();
  scalar.store(total, output, position);
}

void NestEmitter::emit() {
  emitRange([&] {
    emitLoops(strategy.outer, [&] {
      if (strategy.reducesLanes)
        emitLaneReduction();
      else
        emitTiles();
    });
  });
  op->erase();
}

void mlir::pdq::emitNest(plan::KernelOp kernel,
                         const KernelStrategy &strategy) {
  NestEmitter(kernel, strategy).emit();
}
