// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one thread of a direct contraction: unrolled multiplications on a
// tile of sums, and a tree over the threads that share them.

#include "pdq/Codegen/GPU/Direct/DirectEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements of 16 bytes.
static constexpr int64_t quad = 4;

namespace {
/// Iterations of some loops, by the loop's number.
using Iteration = SmallVector<std::pair<unsigned, int64_t>>;

/// A factor or the result: where it lies for the thread, and what is loaded.
struct Side {
  const KernelOperand *operand = nullptr;
  Value flat;
  /// What the thread's piece, and the term it walks, add to the address.
  Value base;
  bool isAligned = false;
  /// Four terms or results of the window are 16 bytes.
  bool hasQuads = false;
  DenseMap<int64_t, Value> loads, quads;
};

class DirectEmitter {
public:
  DirectEmitter(plan::KernelOp kernel, const DirectStrategy &directStrategy)
      : kernel(kernel), strategy(directStrategy),
        b(strategy.space.op.getLoc(), strategy.space.op.getOperation()) {}
  void emit();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value lhs, Value rhs) { return arith::AddIOp::create(b, lhs, rhs); }
  Value below(Value value, int64_t bound) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, value,
                                 constant(bound));
  }
  Type getSumType() {
    Type f32 = b.getF32Type();
    return strategy.lanes == 1 ? f32
                               : Type(VectorType::get({strategy.lanes}, f32));
  }
  Side buildSide(unsigned operand);
  bool areQuads(const Side &side) const;
  void decodeThread();
  Value buildAddress(const Side &side, Value start, ArrayRef<unsigned> loops,
                     ArrayRef<Value> indices);
  SmallVector<Iteration> enumerate(ArrayRef<unsigned> loops) const;
  static int64_t getOffset(const Side &side, const Iteration &iteration);
  Value loadElement(Side &side, int64_t offset);
  Value loadFactor(Side &side, int64_t offset);
  void multiply(MutableArrayRef<Value> sums);
  SmallVector<Value> emitWalk();
  SmallVector<Value> combineThreads(ArrayRef<Value> sums);
  void storeSums(ArrayRef<Value> sums);
  SmallVector<Value> getIndices(const Iteration &place);
  void guarded(Value condition, function_ref<void()> body);

  plan::KernelOp kernel;
  DirectStrategy strategy;
  ImplicitLocOpBuilder b;
  Side lhs, rhs, output;
  /// The piece of the thread, whether it exists, its loops' indices; and the
  /// thread's number among those that share it and among the block's pieces.
  Value piece, isInside, member, slot;
  SmallVector<Value> pieceIndices;
};
} // namespace

void DirectEmitter::guarded(Value condition, function_ref<void()> body) {
  auto guard = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  body();
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

/// Whether four neighbouring terms of a factor that stands still along the
/// vector are 16 bytes in memory, wherever the other loops stand.
bool DirectEmitter::areQuads(const Side &side) const {
  if (!side.isAligned || !strategy.vector ||
      side.operand->strides[*strategy.vector] != 0)
    return false;
  bool isFound = false;
  for (unsigned loop = 0; loop < strategy.space.loops.size(); ++loop) {
    int64_t stride = side.operand->strides[loop];
    if (stride % quad == 0)
      continue;
    if (stride != 1 || isFound || !llvm::is_contained(strategy.window, loop) ||
        strategy.space.loops[loop].extent % quad != 0)
      return false;
    isFound = true;
  }
  return isFound;
}

/// The operand's place; vectors of it are aligned where the kernel's argument
/// is, and every loop moves by whole vectors.
Side DirectEmitter::buildSide(unsigned operand) {
  Side side;
  side.operand = &strategy.space.operands[operand];
  side.flat = buildFlat(b, side.operand->buffer);
  auto alignment = kernel.getArgAttrOfType<IntegerAttr>(
      side.operand->buffer.getArgNumber(),
      LLVM::LLVMDialect::getAlignAttrName());
  side.isAligned =
      alignment && alignment.getInt() >= 16 && side.operand->offset % quad == 0;
  side.hasQuads = areQuads(side);
  for (auto [loop, stride] : llvm::enumerate(side.operand->strides))
    side.isAligned &= strategy.vector == loop || stride % quad == 0;
  side.base = buildAddress(side, constant(side.operand->offset),
                           strategy.pieces, pieceIndices);
  return side;
}

Value DirectEmitter::buildAddress(const Side &side, Value start,
                                  ArrayRef<unsigned> loops,
                                  ArrayRef<Value> indices) {
  Value address = start;
  for (auto [loop, index] : llvm::zip_equal(loops, indices))
    if (int64_t stride = side.operand->strides[loop])
      address = add(address, arith::MulIOp::create(b, index, constant(stride)));
  return address;
}

void DirectEmitter::decodeThread() {
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value outputs = constant(strategy.outputsPerBlock);
  // Neighbouring threads take neighbouring pieces.
  slot = thread;
  if (strategy.threadsPerOutput > 1) {
    slot = arith::RemUIOp::create(b, thread, outputs);
    member = arith::DivUIOp::create(b, thread, outputs);
  }
  piece = add(arith::MulIOp::create(b, block, outputs), slot);
  isInside = below(piece, strategy.numPieces);
  SmallVector<int64_t> extents;
  for (unsigned loop : strategy.pieces)
    extents.push_back(strategy.space.loops[loop].extent);
  pieceIndices = buildDelinearized(b, piece, extents);
}

/// All iterations of some loops, the last running fastest.
SmallVector<Iteration>
DirectEmitter::enumerate(ArrayRef<unsigned> loops) const {
  SmallVector<Iteration> all{Iteration()};
  for (unsigned loop : loops) {
    SmallVector<Iteration> longer;
    for (const Iteration &outer : all)
      for (int64_t i = 0; i < strategy.space.loops[loop].extent; ++i) {
        longer.push_back(outer);
        longer.back().push_back({loop, i});
      }
    all = std::move(longer);
  }
  return all;
}

int64_t DirectEmitter::getOffset(const Side &side, const Iteration &iteration) {
  int64_t offset = 0;
  for (auto [loop, index] : iteration)
    offset += side.operand->strides[loop] * index;
  return offset;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// One element, as part of 16 bytes where that is possible.
Value DirectEmitter::loadElement(Side &side, int64_t offset) {
  if (!side.hasQuads)
    return memref::LoadOp::create(b, side.flat,
                                  add(side.base, constant(offset)));
  int64_t place = llvm::mod(offset, quad);
  Value &vector = side.quads[offset - place];
  if (!vector)
    vector = vector::LoadOp::create(
        b, VectorType::get({quad}, b.getF32Type()), side.flat,
        add(side.base, constant(offset - place)), /*nontemporal=*/false,
        llvm::MaybeAlign(16));
  return vector::ExtractOp::create(b, vector, place);
}

/// What all lanes multiply by, `offset` elements behind the base.
Value DirectEmitter::loadFactor(Side &side, int64_t offset) {
  Value &known = side.loads[offset];
  if (known)
    return known;
  int64_t stride =
      strategy.vector ? side.operand->strides[*strategy.vector] : 0;
  if (strategy.lanes == 1)
    return known = loadElement(side, offset);
  auto type = cast<VectorType>(getSumType());
  if (stride == 0)
    return known =
               vector::BroadcastOp::create(b, type, loadElement(side, offset));
  if (stride == 1)
    return known = vector::LoadOp::create(
               b, type, side.flat, add(side.base, constant(offset)),
               /*nontemporal=*/false,
               side.isAligned ? llvm::MaybeAlign(16) : llvm::MaybeAlign());
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < strategy.lanes; ++lane)
    elements.push_back(loadElement(side, offset + lane * stride));
  return known = vector::FromElementsOp::create(b, type, elements);
}

/// Adds the products of the unrolled terms. What is loaded serves all of them.
void DirectEmitter::multiply(MutableArrayRef<Value> sums) {
  for (Side *side : {&lhs, &rhs}) {
    side->loads.clear();
    side->quads.clear();
  }
  SmallVector<Iteration> tile = enumerate(strategy.tile);
  for (const Iteration &term : enumerate(strategy.window))
    for (auto [place, sum] : llvm::zip_equal(tile, sums)) {
      Value left =
          loadFactor(lhs, getOffset(lhs, term) + getOffset(lhs, place));
      Value right =
          loadFactor(rhs, getOffset(rhs, term) + getOffset(rhs, place));
      if (strategy.lanes == 1)
        sum = math::FmaOp::create(b, left, right, sum);
      else
        sum = vector::FMAOp::create(b, left, right, sum);
    }
}

/// Walks the terms that are not unrolled; threads that share a piece take every
/// n-th, those without a piece none.
SmallVector<Value> DirectEmitter::emitWalk() {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(getSumType()));
  SmallVector<Value> sums(strategy.count(strategy.tile), zero);
  int64_t terms = strategy.count(strategy.walked);
  if (terms == 1) {
    multiply(sums);
    return sums;
  }
  bool isShared = strategy.threadsPerOutput > 1;
  Value end = constant(terms);
  if (isShared)
    end = arith::SelectOp::create(b, isInside, end, constant(0));
  auto walk = scf::ForOp::create(b, isShared ? member : constant(0), end,
                                 constant(strategy.threadsPerOutput), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(walk.getBody());
  SmallVector<int64_t> extents;
  for (unsigned loop : strategy.walked)
    extents.push_back(strategy.space.loops[loop].extent);
  SmallVector<Value> indices =
      buildDelinearized(b, walk.getInductionVar(), extents);
  Value start[] = {lhs.base, rhs.base};
  for (Side *side : {&lhs, &rhs})
    side->base = buildAddress(*side, side->base, strategy.walked, indices);
  sums.assign(walk.getRegionIterArgs().begin(), walk.getRegionIterArgs().end());
  multiply(sums);
  scf::YieldOp::create(b, sums);
  lhs.base = start[0];
  rhs.base = start[1];
  return SmallVector<Value>(walk.getResults());
}

/// The sums of all threads of a piece, in a fixed order: pairs are combined in
/// shared memory. Valid in the first thread.
SmallVector<Value> DirectEmitter::combineThreads(ArrayRef<Value> sums) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  int64_t row = strategy.blockSize * strategy.lanes;
  auto type =
      MemRefType::get({row * static_cast<int64_t>(sums.size())}, b.getF32Type(),
                      MemRefLayoutAttrInterface(), space);
  Value shared = memref::AllocOp::create(b, type, b.getI64IntegerAttr(16));
  auto place = [&](Value thread, int64_t number) -> Value {
    Value mine = arith::AddIOp::create(
        b, slot,
        arith::MulIOp::create(b, thread, constant(strategy.outputsPerBlock)));
    return add(arith::MulIOp::create(b, mine, constant(strategy.lanes)),
               constant(number * row));
  };
  auto alignment = llvm::MaybeAlign(strategy.lanes * 4);
  auto load = [&](Value thread, int64_t number) -> Value {
    Value address = place(thread, number);
    if (strategy.lanes == 1)
      return memref::LoadOp::create(b, shared, address);
    return vector::LoadOp::create(b, cast<VectorType>(getSumType()), shared,
                                  address, /*nontemporal=*/false, alignment);
  };
  auto store = [&](Value value, int64_t number) {
    Value address = place(member, number);
    if (strategy.lanes == 1)
      memref::StoreOp::create(b, value, shared, address);
    else
      vector::StoreOp::create(b, value, shared, address, /*nontemporal=*/false,
                              alignment);
  };
  for (auto [number, sum] : llvm::enumerate(sums))
    store(sum, number);
  for (int64_t half = strategy.threadsPerOutput / 2; half >= 1; half /= 2) {
    gpu::BarrierOp::create(b);
    guarded(below(member, half), [&] {
      Value other = add(member, constant(half));
      for (int64_t i = 0, e = sums.size(); i < e; ++i)
        store(arith::AddFOp::create(b, load(member, i), load(other, i)), i);
    });
  }
  SmallVector<Value> combined;
  for (int64_t i = 0, e = sums.size(); i < e; ++i)
    combined.push_back(load(member, i));
  return combined;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// The first lane's index of every loop of the operation.
SmallVector<Value> DirectEmitter::getIndices(const Iteration &place) {
  SmallVector<Value> indices(strategy.space.op.getNumLoops());
  auto addPart = [&](unsigned loop, Value index) {
    const KernelLoop &part = strategy.space.loops[loop];
    Value step = arith::MulIOp::create(b, index, constant(part.indexStep));
    Value &sum = indices[part.dim];
    sum = sum ? add(sum, step) : step;
  };
  for (auto [loop, index] : llvm::zip_equal(strategy.pieces, pieceIndices))
    addPart(loop, index);
  for (auto [loop, index] : place)
    addPart(loop, constant(index));
  return indices;
}

/// Adds the sums to where they start, and hands the results on.
void DirectEmitter::storeSums(ArrayRef<Value> sums) {
  unsigned vectorDim =
      strategy.vector ? strategy.space.loops[*strategy.vector].dim : 0;
  std::optional<ElementOp> initial;
  if (strategy.fused.initial)
    initial.emplace(b, strategy.fused.initial, strategy.space.op,
                    strategy.lanes, vectorDim);
  linalg::LinalgOp op = strategy.space.op;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  auto getPlace = [&](unsigned dim) {
    return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  };
  EpilogueEmitter epilogue(b, op.getDpsInits()[0], strategy.fused.epilogue,
                           strategy.lanes,
                           strategy.vector ? *getPlace(vectorDim) : 0);
  for (auto [place, value] : llvm::zip_equal(enumerate(strategy.tile), sums)) {
    SmallVector<Value> indices = getIndices(place);
    int64_t offset = getOffset(output, place);
    Value start = initial               ? initial->evaluate(indices)
                  : strategy.fused.init ? strategy.fused.init
                                        : loadFactor(output, offset);
    if (start.getType() != getSumType())
      start = vector::BroadcastOp::create(b, getSumType(), start);
    Value sum = arith::AddFOp::create(b, start, value);
    Value address = add(output.base, constant(offset));
    if (strategy.fused.storesResult && strategy.lanes == 1)
      memref::StoreOp::create(b, sum, output.flat, address);
    else if (strategy.fused.storesResult)
      vector::StoreOp::create(b, sum, output.flat, address,
                              /*nontemporal=*/false,
                              output.isAligned ? llvm::MaybeAlign(16)
                                               : llvm::MaybeAlign());
    SmallVector<Value> places;
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      places.push_back(indices[map.getDimPosition(i)]);
    epilogue.emit(places, sum, {});
  }
}

void DirectEmitter::emit() {
  decodeThread();
  lhs = buildSide(strategy.lhs);
  rhs = buildSide(strategy.rhs);
  output = buildSide(strategy.output);
  if (strategy.threadsPerOutput > 1) {
    SmallVector<Value> sums = emitWalk();
    SmallVector<Value> all = combineThreads(sums);
    Value isFirst = below(member, 1);
    guarded(arith::AndIOp::create(b, isFirst, isInside),
            [&] { storeSums(all); });
  } else {
    guarded(isInside, [&] { storeSums(emitWalk()); });
  }
  setLaunch(kernel, {strategy.getNumBlocks(), 1, 1}, {strategy.blockSize, 1, 1},
            plan::Form::Direct);
  eraseKernelOps(kernel);
}

void mlir::pdq::emitDirect(plan::KernelOp kernel,
                           const DirectStrategy &strategy) {
  DirectEmitter(kernel, strategy).emit();
}
