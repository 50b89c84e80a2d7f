// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop over k: multiply a tile, meanwhile store the next one and
// load the one behind that.

#include "pdq/Codegen/GPU/Matrix/Operands/WarpgroupProducts.h"
#include "StagedTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"

using namespace mlir;
using namespace mlir::pdq;

/// Threads of a warpgroup, rows that it multiplies, bytes of k that an
/// instruction reads, in units of a descriptor's address.
static constexpr int64_t warpgroupSize = 128, warpgroupRows = 64,
                         rowsOfWarp = 16, depthUnits = 2, depthWords = 8;

namespace {
class WarpgroupEmitter {
public:
  explicit WarpgroupEmitter(MatmulBuilder &code);
  Accumulators emit(ArrayRef<Value> before);

private:
  SmallVector<Value> load(Value step);
  void store(ArrayRef<Value> numbers, Value step);
  void publish();
  Value multiply(Value stage, Value sums);
  Value accumulate(Value left, Value right, Value sums);
  LLVM::LLVMStructType getSumType();
  Value pack(ArrayRef<Value> before);
  Accumulators unpack(Value sums);

  MatmulBuilder &code;
  MatrixBuilder &b;
  StagedTile lhs, rhs;
  int64_t numSteps;
  /// The warpgroup's first row in the tile, the same in all of its threads.
  Value groupRow;
};
} // namespace

bool mlir::pdq::canUseWarpgroups(const MatrixStrategy &strategy) {
  return strategy.lhs.lanes == 4 && strategy.rhs.lanes == 4;
}

WarpgroupEmitter::WarpgroupEmitter(MatmulBuilder &code)
    : code(code), b(code.b), lhs(code, OperandView::getLhs(code)),
      rhs(code, OperandView::getRhs(code)),
      numSteps(llvm::divideCeil(code.contraction->k.size, code.tile.k)) {
  // A shuffle tells the assembler that it is the same in all threads.
  Value group = b.div(code.thread, warpgroupSize);
  auto uniform = gpu::ShuffleOp::create(b, group, b.constant(0),
                                        b.constant(MatrixTile::warpSize),
                                        gpu::ShuffleMode::IDX);
  groupRow = b.mul(uniform.getShuffleResult(), warpgroupRows);
}

SmallVector<Value> WarpgroupEmitter::load(Value step) {
  Value isNeeded = b.below(step, numSteps);
  Value firstK = b.mul(step, code.tile.k);
  SmallVector<Value> numbers = lhs.load(firstK, isNeeded);
  llvm::append_range(numbers, rhs.load(firstK, isNeeded));
  return numbers;
}

void WarpgroupEmitter::store(ArrayRef<Value> numbers, Value step) {
  Value stage = b.rem(step, MatrixTile::numWarpgroupStages);
  lhs.store(numbers.take_front(lhs.getNumVectors()), stage);
  rhs.store(numbers.drop_front(lhs.getNumVectors()), stage);
}

/// Makes what all threads stored visible to the tensor cores.
void WarpgroupEmitter::publish() {
  NVVM::FenceProxyOp::create(
      b,
      NVVM::ProxyKindAttr::get(b.getContext(), NVVM::ProxyKind::async_shared),
      NVVM::SharedSpaceAttr::get(b.getContext(),
                                 NVVM::SharedSpace::shared_cta));
  gpu::BarrierOp::create(b);
}

LLVM::LLVMStructType WarpgroupEmitter::getSumType() {
  SmallVector<Type> types(code.tile.n / 2, b.getF32Type());
  return LLVM::LLVMStructType::getLiteral(b.getContext(), types);
}

/// The sums of contractions before this one, zeros if there are none.
Value WarpgroupEmitter::pack(ArrayRef<Value> before) {
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  Value sums = LLVM::PoisonOp::create(b, getSumType());
  for (int64_t i = 0; i < code.tile.n / 2; ++i)
    sums = LLVM::InsertValueOp::create(b, sums,
                                       before.empty() ? zero : before[i], i);
  return sums;
}

Value WarpgroupEmitter::accumulate(Value left, Value right, Value sums) {
  MLIRContext *context = b.getContext();
  bool isBF16 = code.math == plan::Math::BF16;
  auto type = NVVM::WGMMATypesAttr::get(
      context, isBF16 ? NVVM::WGMMATypes::bf16 : NVVM::WGMMATypes::tf32);
  auto shape = NVVM::MMAShapeAttr::get(context, warpgroupRows, code.tile.n,
                                       depthWords * getNumPacked(code.math));
  auto positive = NVVM::WGMMAScaleInAttr::get(context, NVVM::WGMMAScaleIn::one);
  return NVVM::WgmmaMmaAsyncOp::create(
      b, sums.getType(), sums, left, right, shape, type, type,
      NVVM::WGMMATypesAttr::get(context, NVVM::WGMMATypes::f32),
      NVVM::WGMMAScaleOutAttr::get(context, NVVM::WGMMAScaleOut::one), positive,
      positive, NVVM::MMALayoutAttr::get(context, NVVM::MMALayout::row),
      NVVM::MMALayoutAttr::get(context, NVVM::MMALayout::col),
      /*satfinite=*/NVVM::MMAIntOverflowAttr());
}

/// Starts the products of one tile.
Value WarpgroupEmitter::multiply(Value stage, Value sums) {
  SmallVector<Value, 2> left, right;
  for (int64_t part = 0; part < getNumParts(code.math); ++part) {
    left.push_back(lhs.buildDescriptor(stage, part, groupRow));
    right.push_back(rhs.buildDescriptor(stage, part, b.constant(0)));
  }
  NVVM::WgmmaFenceAlignedOp::create(b);
  for (int64_t word = 0; word < StagedTile::rowWords; word += depthWords)
    for (auto [leftPart, rightPart] : getPartProducts(code.math)) {
      Value distance = arith::ConstantOp::create(
          b, b.getI64IntegerAttr(word / depthWords * depthUnits));
      sums = accumulate(arith::AddIOp::create(b, left[leftPart], distance),
                        arith::AddIOp::create(b, right[rightPart], distance),
                        sums);
    }
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return sums;
}

/// A warp has 16 rows of its warpgroup's 64.
Accumulators WarpgroupEmitter::unpack(Value sums) {
  Accumulators result;
  for (int64_t i = 0; i < code.tile.n / 2; ++i)
    result.values.push_back(LLVM::ExtractValueOp::create(b, sums, i));
  result.numRows = 1;
  result.numColumns = code.tile.n / Accumulators::fragmentColumns;
  Value lane = b.rem(code.thread, MatrixTile::warpSize);
  Value warp = b.div(code.thread, MatrixTile::warpSize);
  result.row = b.add(b.mul(warp, rowsOfWarp), b.div(lane, 4));
  result.column = b.mul(b.rem(lane, 4), 2);
  result.staging = lhs.getBuffer();
  return result;
}

Accumulators WarpgroupEmitter::emit(ArrayRef<Value> before) {
  store(load(b.constant(0)), b.constant(0));
  SmallVector<Value> carried = load(b.constant(1));
  carried.push_back(pack(before));
  publish();
  auto loop = scf::ForOp::create(b, b.constant(0), b.constant(numSteps),
                                 b.constant(1), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    ValueRange numbers = loop.getRegionIterArgs().drop_back();
    Value sums = multiply(b.rem(step, MatrixTile::numWarpgroupStages),
                          loop.getRegionIterArgs().back());
    // The last product that read this stage was waited for in front of the
    // barrier.
    store(SmallVector<Value>(numbers), b.add(step, 1));
    SmallVector<Value> next = load(b.add(step, 2));
    NVVM::WgmmaWaitGroupSyncOp::create(b, b.getI64IntegerAttr(0));
    publish();
    next.push_back(sums);
    scf::YieldOp::create(b, next);
  }
  return unpack(loop.getResults().back());
}

Accumulators mlir::pdq::emitWarpgroupProducts(MatmulBuilder &code) {
  Accumulators sums = WarpgroupEmitter(code).emit({});
  for (const MatrixStrategy &next : code.strategy.further) {
    code.startProduct(next);
    sums = WarpgroupEmitter(code).emit(sums.values);
  }
  return sums;
}
