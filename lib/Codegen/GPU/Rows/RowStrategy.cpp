// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which operations of a row walk together.

#include "pdq/Codegen/GPU/Rows/RowStrategy.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements that one thread moves at once, and threads of a block.
static constexpr unsigned vectorLanes = 4;
static constexpr int64_t minThreads = 32, maxThreads = 256;

static int64_t multiply(ArrayRef<int64_t> extents) {
  int64_t product = 1;
  for (int64_t extent : extents)
    product *= extent;
  return product;
}

int64_t RowGroup::getNumPieces() const { return multiply(extents) / lanes; }

int64_t RowStrategy::getNumRows() const { return multiply(rows); }

int64_t RowStrategy::getBlockSize() const {
  int64_t pieces = minThreads;
  for (const RowGroup &group : groups)
    pieces = std::max(pieces, group.getNumPieces());
  return std::min<int64_t>(llvm::PowerOf2Ceil(pieces), maxThreads);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<unsigned>> mlir::pdq::findRowDims(linalg::LinalgOp op,
                                                        OpOperand &operand,
                                                        unsigned numRowLoops) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<unsigned> dims;
  for (unsigned loop = 0; loop < numRowLoops; ++loop) {
    std::optional<unsigned> place =
        map.getResultPosition(getAffineDimExpr(loop, map.getContext()));
    if (!place)
      return LogicalResult::failure();
    dims.push_back(*place);
  }
  return dims;
}

bool mlir::pdq::isRowOp(linalg::LinalgOp op, unsigned numRowLoops) {
  StringRef reason;
  if (!op.hasPureBufferSemantics() || op.getNumLoops() < numRowLoops ||
      op.getNumDpsInits() == 0 || !isVectorizable(op) ||
      failed(analyzeIterationSpace(op, reason)))
    return false;
  auto iterators = op.getIteratorTypesArray();
  auto isParallel = [](utils::IteratorType type) {
    return type == utils::IteratorType::parallel;
  };
  ArrayRef<utils::IteratorType> inner =
      ArrayRef(iterators).drop_front(numRowLoops);
  if (!llvm::all_of(ArrayRef(iterators).take_front(numRowLoops), isParallel) ||
      !(llvm::all_of(inner, isParallel) || llvm::none_of(inner, isParallel)))
    return false;
  if (op.getNumReductionLoops() > 0 &&
      (op.getNumDpsInits() != 1 || failed(findReduction(op))))
    return false;
  return llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    return map.isProjectedPermutation(/*allowZeroInResults=*/true) &&
           succeeded(findRowDims(op, init, numRowLoops)) &&
           (op.getNumReductionLoops() > 0 || map.isPermutation());
  });
}

//===----------------------------------------------------------------------===//
// Strategy
//===----------------------------------------------------------------------===//

namespace {
class RowMatcher {
public:
  explicit RowMatcher(unsigned numRowLoops) : numRowLoops(numRowLoops) {}
  LogicalResult add(linalg::LinalgOp op, Value init, StringRef &reason);
  FailureOr<RowStrategy> finish(StringRef &reason);

private:
  unsigned chooseLanes(const IterationSpace &space);
  bool canJoin(const RowGroup &group, const RowOp &op);

  unsigned numRowLoops;
  RowStrategy strategy;
};
} // namespace

/// Whole vectors where the last loop moves by one element in every operand, or
/// not at all.
unsigned RowMatcher::chooseLanes(const IterationSpace &space) {
  if (space.loops.size() <= numRowLoops ||
      space.loops.back().extent % vectorLanes != 0)
    return 1;
  for (const KernelOperand &operand : space.operands) {
    if (!operand.type)
      continue;
    int64_t stride = operand.strides.back();
    bool isElement = operand.isOutput && space.loops.back().isParallel;
    if (stride != 1 && (stride != 0 || isElement))
      return 1;
  }
  return vectorLanes;
}

/// Whether two operands are the same element in every iteration.
static bool areAligned(const KernelOperand &lhs, const KernelOperand &rhs) {
  return lhs.offset == rhs.offset && lhs.strides == rhs.strides;
}

/// Whether `op` can walk with a group: of what the group writes it reads only
/// the elements that the thread has itself.
bool RowMatcher::canJoin(const RowGroup &group, const RowOp &op) {
  bool loadsWritten = false;
  auto meets = [&](const KernelOperand &own, const KernelOperand &other,
                   bool otherReduces) {
    if (!own.type || own.buffer != other.buffer ||
        !(own.isOutput || other.isOutput))
      return false;
    return otherReduces || (op.reduces() && own.isOutput) ||
           !areAligned(own, other);
  };
  for (const RowOp &member : group.ops)
    for (const KernelOperand &other : member.nest.space.operands) {
      for (const KernelOperand &own : op.nest.space.operands)
        if (other.type && meets(own, other, member.reduces() && other.isOutput))
          return false;
      op.getOp()->walk([&](memref::LoadOp load) {
        loadsWritten |= other.isOutput && load.getMemRef() == other.buffer;
      });
      member.getOp()->walk([&](memref::LoadOp load) {
        for (const KernelOperand &own : op.nest.space.operands)
          loadsWritten |= own.isOutput && load.getMemRef() == own.buffer;
      });
    }
  return !loadsWritten;
}

LogicalResult RowMatcher::add(linalg::LinalgOp op, Value init,
                              StringRef &reason) {
  reason = "an operation has no form on rows";
  if (!isRowOp(op, numRowLoops))
    return failure();
  RowOp part;
  part.nest.space = *analyzeIterationSpace(op, reason);
  part.init = init;
  if (op.getNumReductionLoops() > 0)
    part.nest.reduction = *findReduction(op);
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  ArrayRef<int64_t> rows = ArrayRef(extents).take_front(numRowLoops);
  if (strategy.groups.empty())
    strategy.rows.assign(rows.begin(), rows.end());
  reason = "operations have different rows";
  if (ArrayRef(strategy.rows) != rows)
    return failure();
  part.nest.lanes = chooseLanes(part.nest.space);
  if (part.nest.lanes > 1)
    part.nest.vector = extents.size() - 1;
  SmallVector<int64_t> inner(ArrayRef(extents).drop_front(numRowLoops));
  // Without rows operands may be views of the same memory.
  bool joins = numRowLoops > 0 && !strategy.groups.empty() &&
               strategy.groups.back().extents == inner &&
               strategy.groups.back().lanes == part.nest.lanes &&
               canJoin(strategy.groups.back(), part);
  if (!joins)
    strategy.groups.push_back({{}, inner, part.nest.lanes});
  strategy.groups.back().ops.push_back(part);
  return success();
}

FailureOr<RowStrategy> RowMatcher::finish(StringRef &reason) {
  reason = "it has more than 2^30 elements";
  constexpr int64_t most = int64_t(1) << 30;
  for (const RowGroup &group : strategy.groups)
    if (group.getNumPieces() > most || strategy.getNumRows() > most)
      return failure();
  return strategy;
}

FailureOr<RowStrategy> mlir::pdq::matchRows(plan::KernelOp kernel,
                                            unsigned numRowLoops,
                                            StringRef &reason) {
  RowMatcher matcher(numRowLoops);
  linalg::FillOp fill;
  for (auto op : kernel.getOps<linalg::LinalgOp>()) {
    bool starts = fill && op.getNumReductionLoops() > 0 &&
                  op.getDpsInits()[0] == fill.getOutputs()[0];
    reason = "a fill belongs to no reduction";
    if (fill && !starts)
      return failure();
    Value init = fill ? fill.getInputs()[0] : Value();
    fill = dyn_cast<linalg::FillOp>(op.getOperation());
    if (!fill && failed(matcher.add(op, init, reason)))
      return failure();
  }
  if (fill)
    return failure();
  return matcher.finish(reason);
}

/// Where a kernel's buffers are used: the number of all uses, of those as an
/// output, and of those in each group.
namespace {
struct BufferUses {
  int64_t all = 0, outputs = 0;
  SmallVector<int64_t> groups;
};
} // namespace

static BufferUses countUses(const RowStrategy &strategy, BlockArgument buffer) {
  BufferUses uses;
  for (const RowGroup &group : strategy.groups) {
    int64_t before = uses.all;
    for (const RowOp &op : group.ops) {
      for (const KernelOperand &operand : op.nest.space.operands)
        if (operand.type && operand.buffer == buffer) {
          ++uses.all;
          uses.outputs += operand.isOutput;
        }
      op.getOp()->walk(
          [&](memref::LoadOp load) { uses.all += load.getMemRef() == buffer; });
    }
    uses.groups.push_back(uses.all - before);
  }
  return uses;
}

/// Whether an operation of `group` in front of number `end` uses the buffer.
static bool isUsedBefore(const RowGroup &group, size_t end,
                         BlockArgument buffer) {
  return llvm::any_of(
      ArrayRef(group.ops).take_front(end), [&](const RowOp &op) {
        return llvm::any_of(op.nest.space.operands,
                            [&](const KernelOperand &operand) {
                              return operand.type && operand.buffer == buffer;
                            });
      });
}

SmallVector<BlockArgument>
mlir::pdq::findHandedOn(const RowStrategy &strategy) {
  SmallVector<BlockArgument> found;
  for (auto [place, group] : llvm::enumerate(strategy.groups))
    for (auto [number, op] : llvm::enumerate(group.ops)) {
      linalg::LinalgOp owner = op.getOp();
      if (op.reduces())
        continue;
      for (OpOperand &init : owner.getDpsInitsMutable()) {
        auto buffer = cast<BlockArgument>(init.get());
        BufferUses uses = countUses(strategy, buffer);
        if (uses.outputs == 1 && uses.groups[place] == uses.all &&
            !isUsedBefore(group, number, buffer) &&
            !owner.payloadUsesValueFromOperand(&init) &&
            llvm::none_of(owner.getDpsInputs(),
                          [&](Value input) { return input == buffer; }))
          found.push_back(buffer);
      }
    }
  return found;
}
