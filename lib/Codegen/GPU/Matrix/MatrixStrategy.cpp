// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops are m, n and k, in which order, and how operands are
// copied.

#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

/// Sizes below which a contraction is left to single threads: a tile would be
/// mostly empty.
static constexpr int64_t minLong = 16, minShort = 8, minTerms = 8;
/// Numbers and addresses are computed in 32 bits.
static constexpr int64_t maxSize = int64_t(1) << 30, maxBatch = 65535;
/// Numbers in 16 bytes.
static constexpr int64_t vectorLanes = 4;

namespace {
class MatrixMatcher {
public:
  explicit MatrixMatcher(linalg::LinalgOp op) { strategy.op = op; }
  FailureOr<MatrixStrategy> build(StringRef &reason);

private:
  bool findFactors();
  bool sortLoops();
  void orderLoops();
  void addLoop(MatrixSide &side, unsigned loop);
  bool isAligned(const KernelOperand &source, int64_t lanes);
  void describe(MatrixOperand &operand, const KernelOperand &source,
                const MatrixSide &rows);
  bool hasFittingSizes();
  bool shouldSwap();

  MatrixStrategy strategy;
  IterationSpace space;
  const KernelOperand *lhs = nullptr, *rhs = nullptr, *output = nullptr;
  /// The loops of each side.
  SmallVector<unsigned> mLoops, nLoops, kLoops, batchLoops;
};
} // namespace

int64_t mlir::pdq::getSpan(MemRefType type) {
  int64_t span = 1;
  for (auto [extent, stride] :
       llvm::zip_equal(type.getShape(), type.getStridesAndOffset().first))
    span += (extent - 1) * stride;
  return span;
}

/// The operands of the contraction, both buffers of f32.
bool MatrixMatcher::findFactors() {
  FailureOr<Reduction> reduction = findReduction(strategy.op);
  if (failed(reduction) || !reduction->isMultiplyAdd)
    return false;
  Operation *product = reduction->term.getDefiningOp();
  auto find = [&](Value factor) -> const KernelOperand * {
    unsigned number = cast<BlockArgument>(factor).getArgNumber();
    const KernelOperand &operand = space.operands[number];
    bool fits = !operand.isOutput && operand.type &&
                operand.type.getElementType().isF32();
    return fits ? &operand : nullptr;
  };
  lhs = find(product->getOperand(0));
  rhs = find(product->getOperand(1));
  output = &space.getOutput(0);
  return lhs && rhs && lhs != rhs && output->type.getElementType().isF32();
}

/// Every loop belongs to one side. Fails where one belongs to none.
bool MatrixMatcher::sortLoops() {
  for (unsigned loop = 0; loop < space.loops.size(); ++loop) {
    if (space.loops[loop].extent == 1)
      continue;
    bool inLhs = lhs->strides[loop] != 0, inRhs = rhs->strides[loop] != 0;
    bool inOutput = output->strides[loop] != 0;
    if (inOutput != space.loops[loop].isParallel)
      return false;
    if (inOutput && inLhs && inRhs)
      batchLoops.push_back(loop);
    else if (inOutput && inLhs)
      mLoops.push_back(loop);
    else if (inOutput && inRhs)
      nLoops.push_back(loop);
    else if (!inOutput && inLhs && inRhs)
      kLoops.push_back(loop);
    else
      return false;
  }
  return true;
}

/// Loops in the order of memory: of the result, for k of the operand that
/// is closer together. Neighbours are copied and stored at once.
void MatrixMatcher::orderLoops() {
  auto inResult = [&](unsigned loop) {
    return std::abs(output->strides[loop]);
  };
  auto inOperands = [&](unsigned loop) {
    return std::min(std::abs(lhs->strides[loop]), std::abs(rhs->strides[loop]));
  };
  auto order = [](SmallVector<unsigned> &loops, auto &&getDistance) {
    llvm::sort(loops, [&](unsigned a, unsigned b) {
      return std::pair(-getDistance(a), a) < std::pair(-getDistance(b), b);
    });
  };
  order(mLoops, inResult);
  order(nLoops, inResult);
  order(kLoops, inOperands);
}

void MatrixMatcher::addLoop(MatrixSide &side, unsigned loop) {
  side.extents.push_back(space.loops[loop].extent);
  side.loops.push_back(space.loops[loop].dim);
  side.lhs.push_back(lhs->strides[loop]);
  side.rhs.push_back(rhs->strides[loop]);
  side.output.push_back(output->strides[loop]);
  side.size *= space.loops[loop].extent;
}

/// Whether vectors along the loop of stride 1 start at multiples of their
/// length: no other loop moves by less.
bool MatrixMatcher::isAligned(const KernelOperand &source, int64_t lanes) {
  auto kernel = cast<plan::KernelOp>(source.buffer.getOwner()->getParentOp());
  auto aligned = kernel.getArgAttrOfType<IntegerAttr>(
      source.buffer.getArgNumber(), LLVM::LLVMDialect::getAlignAttrName());
  SmallVector<int64_t> strides;
  for (auto [loop, stride] : llvm::zip_equal(space.loops, source.strides))
    if (loop.extent != 1)
      strides.push_back(stride);
  constexpr int64_t bytes = 4;
  return aligned && aligned.getInt() >= lanes * bytes &&
         source.offset % lanes == 0 && llvm::count(strides, 1) == 1 &&
         llvm::all_of(strides, [&](int64_t stride) {
           return stride == 1 || stride % lanes == 0;
         });
}

/// How tiles of an operand are copied. `rows` are its side beside k.
void MatrixMatcher::describe(MatrixOperand &operand,
                             const KernelOperand &source,
                             const MatrixSide &rows) {
  operand.buffer = source.buffer;
  operand.offset = source.offset;
  auto getStrides = [&](const MatrixSide &side) -> ArrayRef<int64_t> {
    return &source == lhs ? side.lhs : side.rhs;
  };
  auto isUnit = [&](const MatrixSide &side) {
    return !side.extents.empty() && getStrides(side).back() == 1;
  };
  operand.isKMajor = isUnit(strategy.k);
  const MatrixSide &side = operand.isKMajor ? strategy.k : rows;
  if (isUnit(side) && side.extents.back() % vectorLanes == 0 &&
      isAligned(source, vectorLanes))
    operand.lanes = vectorLanes;
}

/// Columns are the side along which the result is stored, unless the rows would
/// then be too few for a tile.
bool MatrixMatcher::shouldSwap() {
  auto isContiguous = [&](ArrayRef<unsigned> loops) {
    return !loops.empty() && output->strides[loops.back()] == 1;
  };
  auto getSize = [&](ArrayRef<unsigned> loops) {
    int64_t size = 1;
    for (unsigned loop : loops)
      size *= space.loops[loop].extent;
    return size;
  };
  int64_t numRows = getSize(mLoops), numColumns = getSize(nLoops);
  constexpr int64_t few = 64;
  if (numColumns > numRows && numRows < few)
    return true;
  if (numRows > numColumns && numColumns < few)
    return false;
  return isContiguous(mLoops) && !isContiguous(nLoops);
}

bool MatrixMatcher::hasFittingSizes() {
  MatrixShape shape = strategy.getShape();
  auto fits = [](const KernelOperand *operand) {
    return getSpan(operand->type) <= maxSize;
  };
  return std::max(shape.m, shape.n) >= minLong &&
         std::min(shape.m, shape.n) >= minShort && shape.k >= minTerms &&
         shape.m <= maxSize && shape.n <= maxSize && shape.k <= maxSize &&
         shape.batch <= maxBatch && fits(lhs) && fits(rhs) && fits(output);
}

FailureOr<MatrixStrategy> MatrixMatcher::build(StringRef &reason) {
  FailureOr<IterationSpace> analyzed =
      analyzeIterationSpace(strategy.op, reason);
  if (failed(analyzed))
    return failure();
  space = std::move(*analyzed);
  if (!findFactors() || !sortLoops()) {
    reason = "it is no product of two f32 operands";
    return failure();
  }
  orderLoops();
  if (shouldSwap()) {
    std::swap(lhs, rhs);
    std::swap(mLoops, nLoops);
  }
  for (auto [loops, side] : {std::pair(&mLoops, &strategy.m),
                             {&nLoops, &strategy.n},
                             {&kLoops, &strategy.k},
                             {&batchLoops, &strategy.batch}})
    for (unsigned loop : *loops)
      addLoop(*side, loop);
  if (!hasFittingSizes()) {
    reason = "it is too small, or too large, for tiles";
    return failure();
  }
  describe(strategy.lhs, *lhs, strategy.m);
  describe(strategy.rhs, *rhs, strategy.n);
  strategy.output.buffer = output->buffer;
  strategy.output.offset = output->offset;
  for (int64_t lanes : {2, 4})
    if (strategy.n.output.back() == 1 &&
        strategy.n.extents.back() % lanes == 0 && isAligned(*output, lanes))
      strategy.columnLanes = lanes;
  return strategy;
}

static int64_t getColumnTiles(const MatrixStrategy &strategy,
                              const MatrixTile &tile) {
  return llvm::divideCeil(strategy.n.size, tile.n);
}

SmallVector<int64_t> mlir::pdq::getGrid(const MatrixStrategy &strategy,
                                        const MatrixTile &tile) {
  int64_t rowTiles = llvm::divideCeil(strategy.m.size, tile.m);
  return {rowTiles * getColumnTiles(strategy, tile), 1, strategy.batch.size};
}

/// As `MatmulBuilder` decodes blocks.
AffineExpr mlir::pdq::getBlockNumber(const MatrixStrategy &strategy,
                                     const MatrixTile &tile) {
  linalg::LinalgOp op = strategy.op;
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  MLIRContext *context = op->getContext();
  auto number = [&](const MatrixSide &side) {
    AffineExpr sum = getAffineConstantExpr(0, context);
    for (auto [loop, extent] : llvm::zip_equal(side.loops, side.extents)) {
      unsigned dim = *result.getResultPosition(getAffineDimExpr(loop, context));
      sum = sum * extent + getAffineDimExpr(dim, context);
    }
    return sum;
  };
  return number(strategy.batch) * getGrid(strategy, tile)[0] +
         number(strategy.m).floorDiv(tile.m) * getColumnTiles(strategy, tile) +
         number(strategy.n).floorDiv(tile.n);
}

FailureOr<MatrixStrategy> mlir::pdq::matchMatrix(linalg::LinalgOp op,
                                                 StringRef &reason) {
  return MatrixMatcher(op).build(reason);
}

bool mlir::pdq::haveSameResult(const MatrixStrategy &lhs,
                               const MatrixStrategy &rhs) {
  auto isSame = [](const MatrixSide &own, const MatrixSide &other) {
    return own.extents == other.extents && own.output == other.output;
  };
  return isSame(lhs.m, rhs.m) && isSame(lhs.n, rhs.n) &&
         isSame(lhs.batch, rhs.batch) && lhs.output.offset == rhs.output.offset;
}

FailureOr<MatrixStrategy> mlir::pdq::matchMatrix(ArrayRef<linalg::LinalgOp> ops,
                                                 StringRef &reason) {
  FailureOr<MatrixStrategy> strategy = matchMatrix(ops.front(), reason);
  for (linalg::LinalgOp op : ops.drop_front()) {
    if (failed(strategy))
      return failure();
    FailureOr<MatrixStrategy> further = matchMatrix(op, reason);
    if (failed(further))
      return failure();
    if (further->output.buffer != strategy->output.buffer ||
        !haveSameResult(*strategy, *further)) {
      reason =
          "contractions that are summed walk their result in different ways";
      return failure();
    }
    strategy->further.push_back(std::move(*further));
  }
  return strategy;
}
