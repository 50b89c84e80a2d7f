// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a kernel's loops are ordered, vectorized and tiled.

#include "pdq/Codegen/Common/KernelStrategy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements of a block of a loop nest that has one loop only, at most.
static constexpr int64_t maxBlock = 8192;
/// Bytes that a pass over all inner reductions should not exceed.
static constexpr int64_t cacheBytes = 128 * 1024;

bool mlir::pdq::isVectorizable(linalg::LinalgOp op) {
  return llvm::all_of(
      op.getBlock()->without_terminator(), [](Operation &scalar) {
        return scalar.getNumResults() == 1 && scalar.getNumRegions() == 0 &&
               (isa<linalg::IndexOp, memref::LoadOp, arith::ConstantOp>(
                    scalar) ||
                OpTrait::hasElementwiseMappableTraits(&scalar));
      });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Whether `value` depends on `argument` inside the payload.
static bool dependsOn(Value value, BlockArgument argument) {
  llvm::SetVector<Value> slice;
  slice.insert(value);
  for (size_t i = 0; i < slice.size(); ++i) {
    Operation *op = slice[i].getDefiningOp();
    if (op && op->getBlock() == argument.getOwner())
      slice.insert(op->operand_begin(), op->operand_end());
  }
  return slice.contains(argument);
}

FailureOr<Reduction> mlir::pdq::findReduction(linalg::LinalgOp op) {
  Reduction reduction;
  if (op.getNumDpsInits() != 1)
    return failure();
  BlockArgument output = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Operation *combiner =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp,
                       arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp,
                       arith::MaxSIOp, arith::MinSIOp>(combiner))
    return failure();
  bool first = combiner->getOperand(0) == output;
  if (!first && combiner->getOperand(1) != output)
    return failure();
  reduction.combiner = combiner;
  reduction.term = combiner->getOperand(first);
  if (dependsOn(reduction.term, output))
    return failure();
  reduction.isMultiplyAdd =
      isa<arith::AddFOp>(combiner) &&
      reduction.term.getDefiningOp<arith::MulFOp>() &&
      llvm::all_of(reduction.term.getDefiningOp()->getOperands(),
                   [](Value factor) { return isa<BlockArgument>(factor); });
  return reduction;
}

//===----------------------------------------------------------------------===//
// Choice of loops
//===----------------------------------------------------------------------===//

namespace {
class Matcher {
public:
  Matcher(linalg::LinalgOp op, unsigned lanes) : op(op) {
    strategy.lanes = lanes;
  }
  FailureOr<KernelStrategy> build(StringRef &reason);

private:
  const KernelLoop &loop(unsigned i) const { return strategy.space.loops[i]; }
  bool isReduction() const { return strategy.reduction.combiner; }
  void sortLoops();
  void chooseVector();
  void chooseRows();
  void chooseOuter();
  void sortInner();
  void chooseRange();
  void chooseTile();
  int getVectorScore(unsigned candidate) const;
  bool areDistinct(unsigned rows, unsigned vector) const;
  int64_t getInnerBytes(ArrayRef<unsigned> loops) const;

  linalg::LinalgOp op;
  KernelStrategy strategy;
};
} // namespace

/// Loops in the order of the memory that is written (or, for what is reduced to
/// one element, read), so that neighbours can be merged.
void Matcher::sortLoops() {
  IterationSpace &space = strategy.space;
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(space.loops.size()));
  auto weight = [&](unsigned i) {
    int64_t output = space.getOutput(0).strides[i];
    int64_t input = 0;
    for (const KernelOperand &operand : space.operands)
      if (!operand.isOutput && operand.type)
        input = std::max(input, std::abs(operand.strides[i]));
    return std::pair(std::abs(output), input);
  };
  bool pureParallel = op.getNumReductionLoops() == 0;
  bool full = llvm::all_of(space.loops,
                           [&](const KernelLoop &l) { return !l.isParallel; });
  if (pureParallel || full)
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(weight(a), b) > std::pair(weight(b), a);
    });
  space.permute(order);
  space.collapse();
}

/// How well a loop vectorizes: contiguous operands are good, gathered ones bad.
int Matcher::getVectorScore(unsigned candidate) const {
  int score = 0;
  for (const KernelOperand &operand : strategy.space.operands) {
    if (!operand.type)
      continue;
    int64_t stride = operand.strides[candidate];
    int weight = operand.isOutput ? 2 : 1;
    score += weight * (stride == 1 ? 4 : stride == 0 ? 1 : -8);
  }
  int64_t extent = loop(candidate).extent;
  if (extent < 4)
    score -= 16;
  else if (extent < strategy.lanes)
    score -= 2;
  return score;
}

void Matcher::chooseVector() {
  int best = -1;
  for (unsigned i = 0; i < strategy.space.loops.size(); ++i) {
    // A loop that writes one element several times cannot run in lanes.
    bool isOutput = strategy.space.isOutputLoop(i);
    if (!isOutput && (loop(i).isParallel || !isReduction()))
      continue;
    int score = getVectorScore(i);
    if (score < best || loop(i).extent == 1)
      continue;
    best = score;
    strategy.vector = i;
    strategy.reducesLanes = !isOutput;
  }
}

/// Whether a register tile over two loops holds no element of the output twice.
/// Loops of a scatter (the gradient of a convolution) may overlap.
bool Matcher::areDistinct(unsigned rows, unsigned vector) const {
  if (loop(rows).isParallel && loop(vector).isParallel)
    return true;
  const KernelOperand &output = strategy.space.getOutput(0);
  int64_t row = std::abs(output.strides[rows]);
  int64_t lane = std::abs(output.strides[vector]);
  return row >= lane * loop(vector).extent || lane >= row * loop(rows).extent;
}

/// Rows reuse what the vectors load, and the other way round.
void Matcher::chooseRows() {
  if (!isReduction() || strategy.reducesLanes || !strategy.vector)
    return;
  int64_t best = 1;
  for (unsigned i = 0; i < strategy.space.loops.size(); ++i) {
    if (i == strategy.vector || !strategy.space.isOutputLoop(i))
      continue;
    bool reuses =
        llvm::any_of(strategy.space.operands, [&](const auto &operand) {
          return operand.type && !operand.isOutput && operand.strides[i] == 0;
        });
    if (!reuses || loop(i).extent < best || loop(i).extent == 1 ||
        !areDistinct(i, *strategy.vector))
      continue;
    best = loop(i).extent;
    strategy.rows = i;
  }
}

/// Bytes of inputs that one pass over these loops touches.
int64_t Matcher::getInnerBytes(ArrayRef<unsigned> loops) const {
  int64_t bytes = 0;
  for (const KernelOperand &operand : strategy.space.operands) {
    if (!operand.type || operand.isOutput)
      continue;
    int64_t elements = 1;
    for (unsigned i : loops)
      if (operand.strides[i] != 0)
        elements *= loop(i).extent;
    bytes += 4 * elements;
  }
  return bytes;
}

/// Reductions in the order of the memory that is read: what lies together is
/// used together.
void Matcher::sortInner() {
  auto distance = [&](unsigned i) {
    int64_t most = 0;
    for (const KernelOperand &operand : strategy.space.operands)
      if (operand.type && !operand.isOutput)
        most = std::max(most, std::abs(operand.strides[i]));
    return most;
  };
  llvm::sort(strategy.inner, [&](unsigned a, unsigned b) {
    return std::pair(-distance(a), a) < std::pair(-distance(b), b);
  });
}

/// Output loops go outside of the register tile, reductions inside; where the
/// reductions touch more than the cache holds, the first of them goes outside
/// too and the tile is loaded and stored once for each of its iterations.
void Matcher::chooseOuter() {
  SmallVector<unsigned> hoisted;
  for (unsigned i = 0; i < strategy.space.loops.size(); ++i) {
    if (i == strategy.vector || i == strategy.rows)
      continue;
    if (strategy.space.isOutputLoop(i) || loop(i).isParallel)
      strategy.outer.push_back(i);
    else
      strategy.inner.push_back(i);
  }
  sortInner();
  if (strategy.reducesLanes)
    return;
  while (strategy.inner.size() > 1 &&
         getInnerBytes(strategy.inner) > cacheBytes) {
    hoisted.push_back(strategy.inner.front());
    strategy.inner.erase(strategy.inner.begin());
  }
  strategy.outer.insert(strategy.outer.begin(), hoisted.begin(), hoisted.end());
}

/// The largest parallel loop outside of the tile is split over threads. A nest
/// with one loop is cut into blocks for that.
void Matcher::chooseRange() {
  for (unsigned i : strategy.outer)
    if (loop(i).isParallel && loop(i).extent > 1 &&
        (!strategy.range || loop(i).extent > loop(*strategy.range).extent))
      strategy.range = i;
  if (strategy.range) {
    strategy.outer.erase(llvm::find(strategy.outer, *strategy.range));
    return;
  }
  if (!strategy.vector || strategy.reducesLanes ||
      !loop(*strategy.vector).isParallel)
    return;
  int64_t extent = loop(*strategy.vector).extent;
  for (int64_t block = std::min(maxBlock, extent / 2); block >= strategy.lanes;
       --block)
    if (extent % block == 0 && block % strategy.lanes == 0) {
      strategy.space.split(*strategy.vector, block);
      strategy.range = *strategy.vector;
      strategy.vector = strategy.space.loops.size() - 1;
      return;
    }
}

/// Accumulators fill the registers without spilling: 32 vector registers with
/// 16 lanes, 16 otherwise.
void Matcher::chooseTile() {
  if (!strategy.vector)
    return;
  int64_t vectors = loop(*strategy.vector).extent / strategy.lanes;
  if (!isReduction()) {
    strategy.numVectors = std::clamp<int64_t>(vectors, 1, 2);
    return;
  }
  if (strategy.reducesLanes) {
    strategy.numVectors = std::clamp<int64_t>(vectors, 1, 4);
    return;
  }
  int64_t registers = strategy.lanes >= 16 ? 28 : 12;
  strategy.numVectors = std::clamp<int64_t>(vectors, 1, strategy.rows ? 2 : 4);
  if (!strategy.rows)
    return;
  int64_t extent = loop(*strategy.rows).extent;
  int64_t most =
      std::min({extent, registers / strategy.numVectors, int64_t(16)});
  strategy.numRows = most;
  for (int64_t rows = most; rows >= 4; --rows)
    if (extent % rows == 0) {
      strategy.numRows = rows;
      break;
    }
}

FailureOr<KernelStrategy> Matcher::build(StringRef &reason) {
  FailureOr<IterationSpace> space = analyzeIterationSpace(op, reason);
  if (failed(space))
    return failure();
  strategy.space = *space;
  if (op.getNumReductionLoops() > 0) {
    FailureOr<Reduction> reduction = findReduction(op);
    if (failed(reduction)) {
      reason = "its payload is no sum, maximum or minimum of one term";
      return failure();
    }
    strategy.reduction = *reduction;
  }
  sortLoops();
  chooseVector();
  chooseRows();
  chooseOuter();
  chooseRange();
  chooseTile();
  return strategy;
}

FailureOr<KernelStrategy>
mlir::pdq::matchNest(linalg::LinalgOp op, unsigned lanes, StringRef &reason) {
  return Matcher(op, lanes).build(reason);
}
