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
class ThreadPlanner {
public:
  explicit ThreadPlanner(linalg::LinalgOp op) : op(op) {}
  FailureOr<ThreadStrategy> build(StringRef &reason);

private:
  IterationSpace &space() { return plan.nest.space; }
  void sortLoops();
  void chooseVector();
  void chooseSharing();
  bool isVectorizable(unsigned loop);
  int64_t count(ArrayRef<unsigned> loops);

  linalg::LinalgOp op;
  ThreadStrategy plan;
};
} // namespace

int64_t ThreadPlanner::count(ArrayRef<unsigned> loops) {
  int64_t product = 1;
  for (unsigned loop : loops)
    product *= space().loops[loop].extent;
  return product;
}

/// Loops in the order of the memory that is written; reductions in the order of
/// the memory that is read. Neighbours merge.
void ThreadPlanner::sortLoops() {
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
    (loop.isParallel ? plan.outputs : plan.reductions).push_back(i);
}

/// Whether whole vectors can be moved along a loop: contiguous or repeated in
/// every operand, and aligned wherever the other loops stand.
bool ThreadPlanner::isVectorizable(unsigned loop) {
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

void ThreadPlanner::chooseVector() {
  plan.nest.lanes = 1;
  if (plan.outputs.empty() || !isVectorizable(plan.outputs.back()))
    return;
  bool reduces = plan.nest.reduction.combiner;
  if (reduces && count(plan.outputs) / vectorLanes < enoughPieces)
    return;
  plan.nest.lanes = vectorLanes;
  plan.nest.vector = plan.outputs.back();
}

void ThreadPlanner::chooseSharing() {
  plan.numPieces = count(plan.outputs) / plan.nest.lanes;
  plan.outputsPerBlock = blockSize;
  int64_t terms = count(plan.reductions);
  if (!plan.nest.reduction.combiner || plan.numPieces >= enoughPieces ||
      terms < fewTerms)
    return;
  // Reads are contiguous along the result, or along the reduction.
  plan.outputsAreNeighbours =
      llvm::any_of(space().operands, [&](const KernelOperand &operand) {
        return operand.type && !operand.isOutput && !plan.outputs.empty() &&
               operand.strides[plan.outputs.back()] == 1;
      });
  int64_t most = plan.outputsAreNeighbours ? 8 : terms >= 1024 ? 256 : 32;
  if (plan.outputsAreNeighbours && plan.numPieces < 4096)
    most = 32;
  plan.threadsPerOutput = most;
  plan.outputsPerBlock = std::max<int64_t>(blockSize / most, 1);
}

FailureOr<ThreadStrategy> ThreadPlanner::build(StringRef &reason) {
  FailureOr<IterationSpace> analyzed = analyze(op, reason);
  if (failed(analyzed))
    return failure();
  plan.nest.space = *analyzed;
  if (op.getNumReductionLoops() > 0) {
    FailureOr<Reduction> reduction = findReduction(op);
    if (failed(reduction)) {
      reason = "its payload is no sum, maximum or minimum of one term";
      return failure();
    }
    plan.nest.reduction = *reduction;
  }
  sortLoops();
  if (llvm::any_of(plan.reductions,
                   [&](unsigned loop) { return space().isOutputLoop(loop); })) {
    reason = "it adds to overlapping elements of its result";
    return failure();
  }
  chooseVector();
  chooseSharing();
  if (plan.numPieces > maxPieces || count(plan.reductions) > maxPieces) {
    reason = "it has more than 2^30 elements";
    return failure();
  }
  return plan;
}

FailureOr<ThreadStrategy> mlir::pdq::planThreads(linalg::LinalgOp op,
                                                 StringRef &reason) {
  return ThreadPlanner(op).build(reason);
}
