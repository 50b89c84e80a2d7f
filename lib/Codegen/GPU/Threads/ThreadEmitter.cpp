// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one thread: decode its piece, reduce its share, combine with the
// group through shared memory, store.

#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Codegen/Common/KernelForm.h"
#include "pdq/Codegen/Common/PayloadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

void mlir::pdq::setLaunch(plan::KernelOp kernel, ArrayRef<int64_t> grid,
                          ArrayRef<int64_t> block, plan::Form form) {
  Builder b(kernel);
  kernel.setLaunchAttr(plan::LaunchConfigAttr::get(
      b.getContext(), b.getDenseI64ArrayAttr(grid),
      b.getDenseI64ArrayAttr(block), /*shared_bytes=*/0, /*min_blocks=*/0));
  kernel.setForm(form);
}

static Value buildIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

SmallVector<Value> mlir::pdq::buildDelinearized(ImplicitLocOpBuilder &b,
                                                Value linear,
                                                ArrayRef<int64_t> extents) {
  SmallVector<Value> indices(extents.size());
  Type i32 = b.getI32Type();
  Value rest = arith::IndexCastUIOp::create(b, i32, linear);
  for (size_t i = extents.size(); i-- > 0;) {
    Value part = rest;
    if (i > 0) {
      Value extent =
          arith::ConstantOp::create(b, b.getI32IntegerAttr(extents[i]));
      part = arith::RemUIOp::create(b, rest, extent);
      rest = arith::DivUIOp::create(b, rest, extent);
    }
    indices[i] = arith::IndexCastUIOp::create(b, b.getIndexType(), part);
  }
  return indices;
}

Value mlir::pdq::buildFlat(ImplicitLocOpBuilder &b, BlockArgument buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t size = 1;
  for (auto [extent, stride] :
       llvm::zip_equal(type.getShape(), type.getStridesAndOffset().first))
    size += (extent - 1) * stride;
  return memref::ReinterpretCastOp::create(
      b, MemRefType::get({size}, type.getElementType()), buffer,
      /*offset=*/int64_t(0), ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
}

namespace {
class ThreadEmitter {
public:
  ThreadEmitter(plan::KernelOp kernel, const ThreadStrategy &strategy)
      : kernel(kernel), strategy(strategy), op(strategy.nest.space.op),
        b(op.getLoc(), op.getOperation()),
        payload(b, strategy.nest, strategy.nest.lanes) {
    position.indices.resize(strategy.nest.space.loops.size());
  }
  void emit();

private:
  using CarriedFn = function_ref<Value(Value)>;
  void decodeThread();
  void decodePiece();
  void emitElements();
  Value emitOwnReduction(ArrayRef<unsigned> loops, Value carried);
  Value emitSharedReduction();
  Value emitGroupTree(Value partial);
  void guarded(Value condition, function_ref<void()> body);
  unsigned getOutput() { return op.getDpsInitOperand(0)->getOperandNumber(); }

  plan::KernelOp kernel;
  const ThreadStrategy &strategy;
  linalg::LinalgOp op;
  ImplicitLocOpBuilder b;
  PayloadEmitter payload;
  NestPosition position;
  /// Number of the thread's piece, whether there is one, and the thread's
  /// number in the group that shares it and among the block's pieces.
  Value piece, isInside, member, slot;
};
} // namespace

void ThreadEmitter::decodeThread() {
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  slot = thread;
  if (strategy.threadsPerOutput > 1) {
    int64_t fast = strategy.outputsAreNeighbours ? strategy.outputsPerBlock
                                                 : strategy.threadsPerOutput;
    Value low = arith::RemUIOp::create(b, thread, buildIndex(b, fast));
    Value high = arith::DivUIOp::create(b, thread, buildIndex(b, fast));
    slot = strategy.outputsAreNeighbours ? low : high;
    member = strategy.outputsAreNeighbours ? high : low;
  }
  Value first =
      arith::MulIOp::create(b, block, buildIndex(b, strategy.outputsPerBlock));
  piece = arith::AddIOp::create(b, first, slot);
  isInside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, piece,
                                   buildIndex(b, strategy.numPieces));
}

/// The piece's number -> indices of the loops of the result.
void ThreadEmitter::decodePiece() {
  SmallVector<int64_t> extents;
  for (unsigned loop : strategy.outputs) {
    int64_t extent = strategy.nest.space.loops[loop].extent;
    extents.push_back(
        strategy.nest.vector == loop ? extent / strategy.nest.lanes : extent);
  }
  for (auto [loop, index] :
       llvm::zip_equal(strategy.outputs, buildDelinearized(b, piece, extents)))
    position.indices[loop] =
        strategy.nest.vector == loop
            ? arith::MulIOp::create(b, index,
                                    buildIndex(b, strategy.nest.lanes))
                  .getResult()
            : index;
}

void ThreadEmitter::guarded(Value condition, function_ref<void()> body) {
  auto guard = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  body();
}

void ThreadEmitter::emitElements() {
  SmallVector<Value> values =
      payload.evaluate(op.getBlock()->getTerminator()->getOperands(), position);
  for (auto [i, value] : llvm::enumerate(values))
    payload.store(value, op.getNumDpsInputs() + i, position);
}

/// One thread walks all terms of its piece.
Value ThreadEmitter::emitOwnReduction(ArrayRef<unsigned> loops, Value carried) {
  if (loops.empty()) {
    payload.startPosition();
    Value sum =
        buildCombined(b, payload, strategy.nest.reduction, carried, position);
    payload.startPosition();
    return sum;
  }
  unsigned loop = loops.front();
  auto nest =
      scf::ForOp::create(b, buildIndex(b, 0),
                         buildIndex(b, strategy.nest.space.loops[loop].extent),
                         buildIndex(b, 1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  position.indices[loop] = nest.getInductionVar();
  scf::YieldOp::create(
      b, emitOwnReduction(loops.drop_front(), nest.getRegionIterArg(0)));
  return nest.getResult(0);
}

/// Members of a group take every n-th term; those without a piece take none.
Value ThreadEmitter::emitSharedReduction() {
  SmallVector<int64_t> extents;
  int64_t terms = 1;
  for (unsigned loop : strategy.reductions) {
    extents.push_back(strategy.nest.space.loops[loop].extent);
    terms *= extents.back();
  }
  Type element =
      strategy.nest.space.operands[getOutput()].type.getElementType();
  Value end = arith::SelectOp::create(b, isInside, buildIndex(b, terms),
                                      buildIndex(b, 0));
  Value identity = buildIdentity(b, strategy.nest.reduction, element);
  auto nest = scf::ForOp::create(
      b, member, end, buildIndex(b, strategy.threadsPerOutput), identity);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  for (auto [loop, index] :
       llvm::zip_equal(strategy.reductions,
                       buildDelinearized(b, nest.getInductionVar(), extents)))
    position.indices[loop] = index;
  payload.startPosition();
  scf::YieldOp::create(b, buildCombined(b, payload, strategy.nest.reduction,
                                        nest.getRegionIterArg(0), position));
  payload.startPosition();
  return nest.getResult(0);
}

/// Pairs of partial results are combined in a fixed order.
Value ThreadEmitter::emitGroupTree(Value partial) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({strategy.getBlockSize()}, partial.getType(),
                              MemRefLayoutAttrInterface(), space);
  Value shared = memref::AllocOp::create(b, type);
  auto at = [&](Value row) -> Value {
    Value start =
        arith::MulIOp::create(b, row, buildIndex(b, strategy.outputsPerBlock));
    return arith::AddIOp::create(b, start, slot);
  };
  memref::StoreOp::create(b, partial, shared, at(member));
  for (int64_t half = strategy.threadsPerOutput / 2; half >= 1; half /= 2) {
    gpu::BarrierOp::create(b);
    Value isLow = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, member,
                                        buildIndex(b, half));
    guarded(isLow, [&] {
      Value other = arith::AddIOp::create(b, member, buildIndex(b, half));
      Value sum = buildCombiner(
          b, strategy.nest.reduction,
          memref::LoadOp::create(b, shared, at(member)).getResult(),
          memref::LoadOp::create(b, shared, at(other)).getResult());
      memref::StoreOp::create(b, sum, shared, at(member));
    });
  }
  return shared;
}

void ThreadEmitter::emit() {
  decodeThread();
  if (strategy.threadsPerOutput > 1) {
    decodePiece();
    Value shared = emitGroupTree(emitSharedReduction());
    Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, member,
                                          buildIndex(b, 0));
    guarded(arith::AndIOp::create(b, isFirst, isInside), [&] {
      Value sum = memref::LoadOp::create(b, shared, slot);
      Value init =
          strategy.init ? strategy.init : payload.load(getOutput(), position);
      payload.store(buildCombiner(b, strategy.nest.reduction, init, sum),
                    getOutput(), position);
    });
  } else {
    guarded(isInside, [&] {
      decodePiece();
      if (!strategy.nest.reduction.combiner)
        return emitElements();
      Value init = payload.widen(
          strategy.init ? strategy.init : payload.load(getOutput(), position));
      payload.store(emitOwnReduction(strategy.reductions, init), getOutput(),
                    position);
    });
  }
  plan::Form form = !strategy.nest.reduction.combiner ? plan::Form::Elementwise
                    : strategy.threadsPerOutput > 1
                        ? plan::Form::SharedReduction
                        : plan::Form::Reduction;
  setLaunch(kernel, {strategy.getNumBlocks(), 1, 1},
            {strategy.getBlockSize(), 1, 1}, form);
  eraseKernelOps(kernel);
}

void mlir::pdq::emitThreads(plan::KernelOp kernel,
                            const ThreadStrategy &strategy) {
  ThreadEmitter(kernel, strategy).emit();
}

//===----------------------------------------------------------------------===//
// Fallback
//===----------------------------------------------------------------------===//

/// Stores `init` in the element of a thread, whose indices of the loops
/// `parallel` these are.
static void storeInit(ImplicitLocOpBuilder &b, linalg::LinalgOp op, Value init,
                      ArrayRef<unsigned> parallel, ArrayRef<Value> indices) {
  OpOperand *output = op.getDpsInitOperand(0);
  SmallVector<Value> element;
  for (AffineExpr expr : op.getMatchingIndexingMap(output).getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    element.push_back(indices[llvm::find(parallel, dim) - parallel.begin()]);
  }
  memref::StoreOp::create(b, init, output->get(), element);
}

LogicalResult mlir::pdq::emitScalar(plan::KernelOp kernel, linalg::LinalgOp op,
                                    Value init) {
  constexpr int64_t blockSize = 128;
  SmallVector<int64_t> extents;
  SmallVector<unsigned> parallel;
  int64_t total = 1;
  for (auto [dim, range, iterator] :
       llvm::enumerate(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::parallel) {
      parallel.push_back(dim);
      extents.push_back(range);
      total *= range;
    }
  ImplicitLocOpBuilder b(op.getLoc(), op.getOperation());
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value start = arith::MulIOp::create(b, block, buildIndex(b, blockSize));
  Value linear = arith::AddIOp::create(b, start, thread);
  auto guard =
      scf::IfOp::create(b,
                        arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                              linear, buildIndex(b, total))
                            .getResult(),
                        /*withElseRegion=*/false);
  b.setInsertionPointToStart(guard.thenBlock());
  SmallVector<Value> indices = buildDelinearized(b, linear, extents);
  if (init)
    storeInit(b, op, init, parallel, indices);
  op->moveBefore(guard.thenBlock()->getTerminator());
  IRRewriter rewriter(op);
  FailureOr<linalg::LinalgLoops> loops = linalg::linalgOpToLoops(rewriter, op);
  if (failed(loops))
    return failure();
  rewriter.eraseOp(op);
  eraseKernelOps(kernel);
  // The threads are the parallel loops: what is left of these is the body.
  for (auto [dim, index] : llvm::zip_equal(parallel, indices)) {
    auto loop = cast<scf::ForOp>((*loops)[dim]);
    rewriter.eraseOp(loop.getBody()->getTerminator());
    rewriter.inlineBlockBefore(loop.getBody(), loop, index);
    rewriter.eraseOp(loop);
  }
  int64_t blocks = llvm::divideCeil(total, blockSize);
  setLaunch(kernel, {blocks, 1, 1}, {blockSize, 1, 1}, plan::Form::Scalar);
  return success();
}
