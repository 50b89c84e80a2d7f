// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tree over the threads of a block.

#include "BlockSums.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::pdq;

static Value combineLanes(ImplicitLocOpBuilder &b, const PartialSum &sum) {
  auto type = dyn_cast<VectorType>(sum.part.getType());
  if (!type)
    return sum.part;
  Value result = vector::ExtractOp::create(b, sum.part, 0);
  for (int64_t lane = 1; lane < type.getNumElements(); ++lane)
    result =
        buildCombiner(b, *sum.reduction, result,
                      vector::ExtractOp::create(b, sum.part, lane).getResult());
  return result;
}

static Value allocateShared(ImplicitLocOpBuilder &b, int64_t size, Type type) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  return memref::AllocOp::create(
      b, MemRefType::get({size}, type, MemRefLayoutAttrInterface(), space));
}

/// Adds the upper half of the threads' parts to the lower one.
static void combineHalves(ImplicitLocOpBuilder &b, Value thread, int64_t half,
                          ArrayRef<Value> shared, ArrayRef<PartialSum> sums) {
  Value size = arith::ConstantIndexOp::create(b, half);
  Value isLow =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, thread, size);
  auto guard = scf::IfOp::create(b, isLow, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  Value other = arith::AddIOp::create(b, thread, size);
  for (auto [buffer, sum] : llvm::zip_equal(shared, sums)) {
    Value combined =
        buildCombiner(b, *sum.reduction,
                      memref::LoadOp::create(b, buffer, thread).getResult(),
                      memref::LoadOp::create(b, buffer, other).getResult());
    memref::StoreOp::create(b, combined, buffer, thread);
  }
}

SmallVector<Value> mlir::pdq::combineOverBlock(ImplicitLocOpBuilder &b,
                                               Value thread, int64_t threads,
                                               ArrayRef<PartialSum> sums) {
  SmallVector<Value> shared;
  for (const PartialSum &sum : sums) {
    Value part = combineLanes(b, sum);
    shared.push_back(allocateShared(b, threads, part.getType()));
    memref::StoreOp::create(b, part, shared.back(), thread);
  }
  for (int64_t half = threads / 2; half >= 1 && !sums.empty(); half /= 2) {
    gpu::BarrierOp::create(b);
    combineHalves(b, thread, half, shared, sums);
  }
  return shared;
}
