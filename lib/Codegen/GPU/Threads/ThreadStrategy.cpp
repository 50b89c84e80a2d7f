// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choice of threads for elementwise kernels and reductions.

#include "pdq/Codegen/GPU/Threads/ThreadStrategy.h"

using namespace mlir;
using namespace mlir::pdq;

/// Threads of a block, and elements that one thread moves at once (16 bytes).
static constexpr int64_t blockSize = 256, vectorLanes = 4;
/// Pieces from which on every thread reduces alone, and terms that are too few
/// to share.
static constexpr int64_t enoughPieces = 1 << 15, fewTerms = 32;
/// Addresses inside of a kernel are decoded in 32 bits.
static constexpr int64_t maxPieces = int64_t(1) << 30;

namespace {
class ThreadMatcher {
public:
  explicit ThreadMatcher(linalg::LinalgOp op) : op(op) {}
  FailureOr<ThreadStrategy> build(StringRef &reason);

private:
  IterationSpace &space() { return strategy.nest.space; }
  void sortLoops();
  void chooseVector();
  void chooseSharing();
  bool isVectorizable(unsigned loop);
  int64_t count(ArrayRef<unsigned> loops);

  linalg::LinalgOp op;
  ThreadStrategy strategy;
};
} // namespace

int64_t ThreadMatcher::count(ArrayRef<unsigned> loops) {
  int64_t product = 1;
  for (unsigned loop : loops)
    product *= space().loops[loop].extent;
  return product;
}

/// Loops in the order of the memory that is written; reductions in the order of
/// the memory that is read. Neighbours merge.
void ThreadMatcher::sortLoops() {
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(space().loops.size()));
  auto weigh = [&](unsigned loop) {
    int64_t input = 0;
    for (const KernelOperand &operand : space().operands)
      if (!operand.isOutput && operand.type)
        input = std::max(input, std::abs(operand.strides[loop]));
    return std::tuple(space().loops[loop].isParallel,
                      std::abs(space().getOutput(0).strides[loop]), input);
  };
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::pair(weigh(a), b) > std::pair(weigh(b), a);
  });
  space().permute(order);
  space().collapse();
  for (auto [i, loop] : llvm::enumerate(space().loops))
    (loop.isParallel ? strategy.outputs : strategy.reductions).push_back(i);
}

/// Whether whole vectors can be moved along a loop: contiguous or repeated in
/// every operand, and aligned wherever the other loops stand.
bool ThreadMatcher::isVectorizable(unsigned loop) {
  if (space().loops[loop].extent % vectorLanes != 0)
    return false;
  for (const KernelOperand &operand : space().operands) {
    if (!operand.type)
      continue;
    if (operand.strides[loop] != 0 && operand.strides[loop] != 1)
      return false;
    if (operand.isOutput && operand.strides[loop] != 1)
      return false;
  }
  return true;
}

void ThreadMatcher::chooseVector() {
  strategy.nest.lanes = 1;
  if (strategy.outputs.empty() || !isVectorizable(strategy.outputs.back()))
    return;
  bool reduces = strategy.nest.reduction.combiner;
  if (reduces && count(strategy.outputs) / vectorLanes < enoughPieces)
    return;
  strategy.nest.lanes = vectorLanes;
  strategy.nest.vector = strategy.outputs.back();
}

void ThreadMatcher::chooseSharing() {
  strategy.numPieces = count(strategy.outputs) / strategy.nest.lanes;
  strategy.outputsPerBlock = blockSize;
  int64_t terms = count(strategy.reductions);
  if (!strategy.nest.reduction.combiner || strategy.numPieces >= enoughPieces ||
      terms < fewTerms)
    return;
  // Reads are contiguous along the result, or along the reduction.
  strategy.outputsAreNeighbours =
      llvm::any_of(space().operands, [&](const KernelOperand &operand) {
        return operand.type && !operand.isOutput && !strategy.outputs.empty() &&
               operand.strides[strategy.outputs.back()] == 1;
      });
  int64_t most = strategy.outputsAreNeighbours ? 8 : terms >= 1024 ? 256 : 32;
  if (strategy.outputsAreNeighbours && strategy.numPieces < 4096)
    most = 32;
  strategy.threadsPerOutput = most;
  strategy.outputsPerBlock = std::max<int64_t>(blockSize / most, 1);
}

FailureOr<ThreadStrategy> ThreadMatcher::build(StringRef &reason) {
  FailureOr<IterationSpace> analyzed = analyzeIterationSpace(op, reason);
  if (failed(analyzed))
    return failure();
  strategy.nest.space = *analyzed;
  if (op.getNumReductionLoops() > 0) {
    FailureOr<Reduction> reduction = findReduction(op);
    if (failed(reduction)) {
      reason = "its payload is no sum, maximum or minimum of one term";
      return failure();
    }
    strategy.nest.reduction = *reduction;
  }
  sortLoops();
  if (llvm::any_of(strategy.reductions,
                   [&](unsigned loop) { return space().isOutputLoop(loop); })) {
    reason = "it adds to overlapping elements of its result";
    return failure();
  }
  chooseVector();
  chooseSharing();
  if (strategy.numPieces > maxPieces ||
      count(strategy.reductions) > maxPieces) {
    reason = "it has more than 2^30 elements";
    return failure();
  }
  return strategy;
}

FailureOr<ThreadStrategy> mlir::pdq::matchThreads(linalg::LinalgOp op,
                                                  StringRef &reason) {
  return ThreadMatcher(op).build(reason);
}
