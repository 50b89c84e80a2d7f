// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one thread: fill a tile along the inputs, read it along the
// results.

#include "pdq/Codegen/GPU/Threads/TransposeEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/Common/PayloadEmitter.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements from which on tiles pay, neighbours that fill half of a tile's
/// line, and inputs that are turned round at most.
static constexpr int64_t minElements = 4096, minFast = 16;
static constexpr size_t maxCrossed = 8;
/// Addresses inside of a kernel are decoded in 32 bits.
static constexpr int64_t maxSize = int64_t(1) << 30;
/// Words of a line of the tile: one more than elements, so that columns are in
/// different banks.
static constexpr int64_t sharedRow = TransposeStrategy::tileSize + 1;

//===----------------------------------------------------------------------===//
// Strategy
//===----------------------------------------------------------------------===//

/// Loops in the order of the first result, neighbours merged.
static void sortLoops(IterationSpace &space) {
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(space.loops.size()));
  ArrayRef<int64_t> strides = space.getOutput(0).strides;
  SmallVector<int64_t> weights(strides);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::pair(std::abs(weights[a]), b) >
           std::pair(std::abs(weights[b]), a);
  });
  space.permute(order);
  space.collapse();
}

/// The loop along which an input is contiguous, if it is far apart along the
/// last one.
static std::optional<unsigned> findOwnLoop(const IterationSpace &space,
                                           const KernelOperand &operand) {
  if (operand.isOutput || !operand.type || operand.strides.back() == 0 ||
      operand.strides.back() == 1)
    return std::nullopt;
  Type element = operand.type.getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8 != 0)
    return std::nullopt;
  for (unsigned loop = 0; loop < space.loops.size(); ++loop)
    if (operand.strides[loop] == 1 && space.loops[loop].extent > 1)
      return loop;
  return std::nullopt;
}

/// The last loops, as many as fill a line of a tile, without `across`, which
/// belongs to the other direction.
static void chooseFastLoops(TransposeStrategy &strategy, unsigned across) {
  const IterationSpace &space = strategy.nest.space;
  unsigned first = space.loops.size();
  while (first > 0 && first - 1 != across &&
         strategy.numFast < TransposeStrategy::tileSize)
    strategy.numFast *= space.loops[--first].extent;
  for (unsigned loop = 0; loop < space.loops.size(); ++loop)
    (loop < first ? strategy.slow : strategy.fast).push_back(loop);
  for (unsigned loop : strategy.slow)
    strategy.numSlow *= space.loops[loop].extent;
  const KernelOperand &source = space.operands[strategy.crossed.front()];
  llvm::sort(strategy.slow, [&](unsigned a, unsigned b) {
    return std::pair(std::abs(source.strides[a]), b) >
           std::pair(std::abs(source.strides[b]), a);
  });
}

FailureOr<TransposeStrategy> mlir::pdq::matchTranspose(linalg::LinalgOp op,
                                                       StringRef &reason) {
  FailureOr<IterationSpace> analyzed = analyzeIterationSpace(op, reason);
  if (failed(analyzed))
    return failure();
  reason = "it is not elementwise";
  if (op.getNumReductionLoops() > 0 || op.getNumLoops() == 0)
    return failure();
  reason = "its payload has an operation without vector form";
  if (!isVectorizable(op))
    return failure();
  TransposeStrategy strategy;
  strategy.nest.lanes = 1;
  IterationSpace &space = strategy.nest.space;
  space = *analyzed;
  sortLoops(space);
  std::optional<unsigned> across;
  reason = "neighbours in a result are not neighbours in memory";
  for (auto [number, operand] : llvm::enumerate(space.operands)) {
    if (operand.isOutput && operand.strides.back() != 1)
      return failure();
    std::optional<unsigned> own = findOwnLoop(space, operand);
    if (own)
      strategy.crossed.push_back(number);
    across = across ? across : own;
  }
  reason = strategy.crossed.empty() ? "no input lies across its results"
                                    : "too many inputs lie across its results";
  if (strategy.crossed.empty() || strategy.crossed.size() > maxCrossed)
    return failure();
  chooseFastLoops(strategy, *across);
  int64_t elements = strategy.numFast * strategy.numSlow;
  reason = "it is too small, or too large, for tiles";
  if (strategy.numFast < minFast || elements < minElements ||
      elements > maxSize)
    return failure();
  return strategy;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

namespace {
class TransposeEmitter {
public:
  TransposeEmitter(plan::KernelOp kernel, const TransposeStrategy &strategy)
      : kernel(kernel), strategy(strategy), op(strategy.nest.space.op),
        b(op.getLoc(), op.getOperation()),
        payload(b, strategy.nest, /*lanes=*/1) {
    position.indices.resize(strategy.nest.space.loops.size());
  }
  void emit();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value lhs, Value rhs) { return arith::AddIOp::create(b, lhs, rhs); }
  Value mul(Value lhs, int64_t rhs) {
    return arith::MulIOp::create(b, lhs, constant(rhs));
  }
  void allocateTiles();
  void decode(Value number, ArrayRef<unsigned> loops);
  void atElement(Value fast, Value slow, function_ref<void()> body);
  void fillTiles();
  void computeElements();
  static constexpr int64_t tile = TransposeStrategy::tileSize;
  static constexpr int64_t rows = TransposeStrategy::numRows;

  plan::KernelOp kernel;
  const TransposeStrategy &strategy;
  linalg::LinalgOp op;
  ImplicitLocOpBuilder b;
  PayloadEmitter payload;
  NestPosition position;
  /// The thread's place in a line of the tile, and its first line.
  Value lane, row;
  Value firstFast, firstSlow;
  /// One tile for each operand that lies across.
  SmallVector<Value> tiles;
};
} // namespace

void TransposeEmitter::allocateTiles() {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  for (unsigned number : strategy.crossed) {
    Type element = strategy.nest.space.operands[number].type.getElementType();
    auto type = MemRefType::get({tile * sharedRow}, element,
                                MemRefLayoutAttrInterface(), space);
    tiles.push_back(memref::AllocOp::create(b, type));
  }
}

/// Numbers of a tile's lines and places -> indices of loops.
void TransposeEmitter::decode(Value number, ArrayRef<unsigned> loops) {
  SmallVector<int64_t> extents;
  for (unsigned loop : loops)
    extents.push_back(strategy.nest.space.loops[loop].extent);
  for (auto [loop, index] :
       llvm::zip_equal(loops, buildDelinearized(b, number, extents)))
    position.indices[loop] = index;
}

/// Runs `body` at an element, if there is one.
void TransposeEmitter::atElement(Value fast, Value slow,
                                 function_ref<void()> body) {
  auto below = [&](Value value, int64_t bound) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, value,
                                 constant(bound));
  };
  Value isInside = arith::AndIOp::create(b, below(fast, strategy.numFast),
                                         below(slow, strategy.numSlow));
  auto guard = scf::IfOp::create(b, isInside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  decode(fast, strategy.fast);
  decode(slow, strategy.slow);
  payload.startPosition();
  body();
  payload.startPosition();
}

/// Neighbouring threads read neighbours of the inputs.
void TransposeEmitter::fillTiles() {
  for (int64_t first = 0; first < tile; first += rows) {
    Value line = add(row, constant(first));
    atElement(add(firstFast, line), add(firstSlow, lane), [&] {
      for (auto [number, shared] : llvm::zip_equal(strategy.crossed, tiles))
        memref::StoreOp::create(b, payload.load(number, position), shared,
                                add(mul(line, sharedRow), lane));
    });
  }
}

/// Neighbouring threads compute neighbours of the results.
void TransposeEmitter::computeElements() {
  for (int64_t first = 0; first < tile; first += rows) {
    Value column = add(row, constant(first));
    atElement(add(firstFast, lane), add(firstSlow, column), [&] {
      for (auto [number, shared] : llvm::zip_equal(strategy.crossed, tiles))
        payload.provide(
            number, memref::LoadOp::create(b, shared,
                                           add(mul(lane, sharedRow), column)));
      SmallVector<Value> values = payload.evaluate(
          op.getBlock()->getTerminator()->getOperands(), position);
      for (auto [result, value] : llvm::enumerate(values))
        payload.store(value, op.getNumDpsInputs() + result, position);
    });
  }
}

void TransposeEmitter::emit() {
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  lane = arith::RemUIOp::create(b, thread, constant(tile));
  row = arith::DivUIOp::create(b, thread, constant(tile));
  int64_t tilesOfFast = llvm::divideCeil(strategy.numFast, tile);
  Value count = constant(tilesOfFast);
  firstFast = mul(arith::RemUIOp::create(b, block, count), tile);
  firstSlow = mul(arith::DivUIOp::create(b, block, count), tile);
  allocateTiles();
  fillTiles();
  gpu::BarrierOp::create(b);
  computeElements();
  int64_t blocks = tilesOfFast * llvm::divideCeil(strategy.numSlow, tile);
  setLaunch(kernel, {blocks, 1, 1}, {tile * rows, 1, 1}, plan::Form::Transpose);
  eraseKernelOps(kernel);
}

void mlir::pdq::emitTranspose(plan::KernelOp kernel,
                              const TransposeStrategy &strategy) {
  TransposeEmitter(kernel, strategy).emit();
}
