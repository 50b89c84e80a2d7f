// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops number threads, which stay in registers, which are walked.

#include "pdq/Codegen/GPU/Direct/DirectStrategy.h"
#include "pdq/Codegen/Common/KernelStrategy.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements that a thread moves at once (16 bytes).
static constexpr int64_t vectorLanes = 4;
/// Terms up to which all of them are unrolled: a window.
static constexpr int64_t maxWindow = 64;
/// Vectors of results, and multiplications of an unrolled body: the former are
/// registers, the latter instructions.
static constexpr int64_t maxSums = 12, maxProducts = 128;
/// Neighbouring terms that a walking thread takes at once.
static constexpr int64_t maxStep = 7;
/// Pieces from which on every thread of the device has one.
static constexpr int64_t enoughPieces = 1 << 14;
/// Blocks that keep all multiprocessors busy, and neighbouring pieces that fill
/// a sector of memory (32 bytes).
static constexpr int64_t enoughBlocks = 128, fewestNeighbours = 2;
/// Addresses inside of a kernel are decoded in 32 bits.
static constexpr int64_t maxSize = int64_t(1) << 30;

namespace {
class DirectMatcher {
public:
  explicit DirectMatcher(linalg::LinalgOp op) : op(op) {}
  FailureOr<DirectStrategy> build(StringRef &reason);

private:
  bool findFactors();
  bool sortLoops();
  bool isShared(unsigned loop) const;
  void chooseVector();
  void chooseTile();
  void chooseWindow();
  void chooseSharing();
  unsigned splitOff(unsigned loop, int64_t inner);
  int64_t getStride(unsigned operand, unsigned loop) const {
    return strategy.space.operands[operand].strides[loop];
  }
  int64_t getExtent(unsigned loop) const {
    return strategy.space.loops[loop].extent;
  }

  linalg::LinalgOp op;
  DirectStrategy strategy;
  /// Reductions, outermost in memory first.
  SmallVector<unsigned> reductions;
  bool isWindow = false;
};
} // namespace

int64_t DirectStrategy::count(ArrayRef<unsigned> loops) const {
  int64_t product = 1;
  for (unsigned loop : loops)
    product *= space.loops[loop].extent;
  return product;
}

/// The largest divisor of `extent` that is at most `bound`, or 1.
static int64_t findDivisor(int64_t extent, int64_t bound) {
  for (int64_t divisor = std::min(extent, bound); divisor > 1; --divisor)
    if (extent % divisor == 0)
      return divisor;
  return 1;
}

/// The operands of the contraction and its result, all of f32.
bool DirectMatcher::findFactors() {
  FailureOr<Reduction> reduction = findReduction(op);
  if (failed(reduction) || !reduction->isMultiplyAdd)
    return false;
  Operation *product = reduction->term.getDefiningOp();
  auto find = [&](Value factor, unsigned &number) {
    auto argument = dyn_cast<BlockArgument>(factor);
    if (!argument || argument.getOwner() != op.getBlock())
      return false;
    number = argument.getArgNumber();
    const KernelOperand &operand = strategy.space.operands[number];
    return !operand.isOutput && operand.type &&
           operand.type.getElementType().isF32();
  };
  strategy.output = op.getDpsInitOperand(0)->getOperandNumber();
  return find(product->getOperand(0), strategy.lhs) &&
         find(product->getOperand(1), strategy.rhs) &&
         strategy.lhs != strategy.rhs &&
         strategy.space.getOutput(0).type.getElementType().isF32();
}

/// Whether both factors move with a loop of the result.
bool DirectMatcher::isShared(unsigned loop) const {
  return getStride(strategy.lhs, loop) != 0 &&
         getStride(strategy.rhs, loop) != 0;
}

/// Loops of the result and reductions, in the order of memory. Fails where
/// elements of the result overlap, or where nothing is a channel or a group.
bool DirectMatcher::sortLoops() {
  bool hasChannels = false;
  for (unsigned loop = 0; loop < strategy.space.loops.size(); ++loop) {
    bool inOutput =
        getStride(strategy.output, loop) != 0 || getExtent(loop) == 1;
    bool isParallel = strategy.space.loops[loop].isParallel;
    if (inOutput != isParallel && getExtent(loop) != 1)
      return false;
    hasChannels |= isParallel && getExtent(loop) > 1 && isShared(loop);
    (isParallel ? strategy.pieces : reductions).push_back(loop);
  }
  auto sort = [](SmallVector<unsigned> &loops, auto weigh) {
    llvm::sort(loops, [&](unsigned a, unsigned b) {
      return std::pair(std::abs(weigh(a)), b) >
             std::pair(std::abs(weigh(b)), a);
    });
  };
  sort(strategy.pieces,
       [&](unsigned loop) { return getStride(strategy.output, loop); });
  sort(reductions, [&](unsigned loop) {
    return std::max(std::abs(getStride(strategy.lhs, loop)),
                    std::abs(getStride(strategy.rhs, loop)));
  });
  return hasChannels && !strategy.pieces.empty();
}

/// Splits `inner` neighbouring iterations off; they become a loop of their own.
unsigned DirectMatcher::splitOff(unsigned loop, int64_t inner) {
  strategy.space.split(loop, inner);
  return strategy.space.loops.size() - 1;
}

void DirectMatcher::chooseVector() {
  unsigned loop = strategy.pieces.back();
  if (getStride(strategy.output, loop) != 1 ||
      getExtent(loop) % vectorLanes != 0)
    return;
  strategy.lanes = vectorLanes;
  strategy.vector = splitOff(loop, vectorLanes);
}

/// Results of one thread, innermost loops first: those with which only one
/// factor moves, so that the other one is read once for all of them.
void DirectMatcher::chooseTile() {
  int64_t numPieces = strategy.count(strategy.pieces), size = 1;
  int64_t most = maxSums;
  if (isWindow)
    most = std::min(most, maxProducts / strategy.count(reductions));
  for (unsigned loop : llvm::reverse(SmallVector<unsigned>(strategy.pieces))) {
    if (getExtent(loop) == 1 || isShared(loop))
      continue;
    if (strategy.vector && strategy.space.loops[*strategy.vector].dim ==
                               strategy.space.loops[loop].dim)
      continue;
    int64_t bound = most / size;
    if (isWindow)
      bound = std::min(bound, numPieces / size / enoughPieces);
    int64_t extent = getExtent(loop), part = findDivisor(extent, bound);
    if (part > 1)
      strategy.tile.push_back(splitOff(loop, part));
    size *= part;
    if (part != extent)
      break;
  }
  std::reverse(strategy.tile.begin(), strategy.tile.end());
}

void DirectMatcher::chooseWindow() {
  if (isWindow) {
    strategy.window = reductions;
    return;
  }
  strategy.walked = reductions;
  int64_t bound =
      std::min(maxStep, maxProducts / 2 / strategy.count(strategy.tile));
  unsigned loop = reductions.back();
  strategy.window.push_back(
      splitOff(loop, findDivisor(getExtent(loop), bound)));
}

/// Few pieces share what they walk with more threads.
void DirectMatcher::chooseSharing() {
  strategy.numPieces = strategy.count(strategy.pieces);
  int64_t terms = strategy.count(strategy.walked);
  if (strategy.numPieces >= enoughPieces)
    return;
  int64_t outputs = 8;
  while (outputs > fewestNeighbours &&
         strategy.numPieces / outputs < enoughBlocks)
    outputs /= 2;
  while (outputs < strategy.blockSize && strategy.blockSize / outputs > terms)
    outputs *= 2;
  strategy.outputsPerBlock = outputs;
  strategy.threadsPerOutput = strategy.blockSize / outputs;
}

FailureOr<DirectStrategy> DirectMatcher::build(StringRef &reason) {
  FailureOr<IterationSpace> analyzed = analyzeIterationSpace(op, reason);
  if (failed(analyzed))
    return failure();
  strategy.space = *analyzed;
  if (op.getNumReductionLoops() == 0 || op.hasIndexSemantics() ||
      !findFactors() || !sortLoops()) {
    reason = "it is no product of two f32 operands with common channels";
    return failure();
  }
  isWindow = strategy.count(reductions) <= maxWindow;
  chooseVector();
  chooseTile();
  chooseWindow();
  chooseSharing();
  if (strategy.numPieces > maxSize ||
      strategy.count(strategy.walked) > maxSize) {
    reason = "it has more than 2^30 elements";
    return failure();
  }
  return strategy;
}

FailureOr<DirectStrategy> mlir::pdq::matchDirect(linalg::LinalgOp op,
                                                 StringRef &reason) {
  return DirectMatcher(op).build(reason);
}
