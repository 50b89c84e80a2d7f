// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tree over the threads of a block.

#include "pdq/Codegen/GPU/Epilogue/BlockSums.h"
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

namespace {
/// A number of every thread in shared memory.
struct SharedParts {
  Value buffer;
  int64_t offset;
  /// Of the numbers; the buffer may hold words of another type.
  Type type;

  Value getPlace(ImplicitLocOpBuilder &b, Value thread) const {
    if (offset == 0)
      return thread;
    return arith::AddIOp::create(b, thread,
                                 arith::ConstantIndexOp::create(b, offset));
  }
  Value load(ImplicitLocOpBuilder &b, Value thread) const {
    Value word = memref::LoadOp::create(b, buffer, getPlace(b, thread));
    if (word.getType() == type)
      return word;
    return arith::BitcastOp::create(b, type, word);
  }
  void store(ImplicitLocOpBuilder &b, Value value, Value thread) const {
    Type word = cast<MemRefType>(buffer.getType()).getElementType();
    if (word != type)
      value = arith::BitcastOp::create(b, word, value);
    memref::StoreOp::create(b, value, buffer, getPlace(b, thread));
  }
};
} // namespace

/// Memory for a number of each thread, behind `used` words of `scratch` if they
/// fit there.
static SharedParts placeParts(ImplicitLocOpBuilder &b, Type type,
                              int64_t threads, Value scratch, int64_t used) {
  if (scratch && type.getIntOrFloatBitWidth() == 32 &&
      used + threads <= cast<MemRefType>(scratch.getType()).getNumElements())
    return {scratch, used, type};
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto shared =
      MemRefType::get({threads}, type, MemRefLayoutAttrInterface(), space);
  return {memref::AllocOp::create(b, shared), 0, type};
}

/// Adds the upper half of the threads' parts to the lower one.
static void combineHalves(ImplicitLocOpBuilder &b, Value thread, int64_t half,
                          ArrayRef<SharedParts> shared,
                          ArrayRef<PartialSum> sums) {
  Value size = arith::ConstantIndexOp::create(b, half);
  Value isLow =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, thread, size);
  auto guard = scf::IfOp::create(b, isLow, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.thenBlock());
  Value other = arith::AddIOp::create(b, thread, size);
  for (auto [parts, sum] : llvm::zip_equal(shared, sums))
    parts.store(b,
                buildCombiner(b, *sum.reduction, parts.load(b, thread),
                              parts.load(b, other)),
                thread);
}

SmallVector<Value> mlir::pdq::combineOverBlock(ImplicitLocOpBuilder &b,
                                               Value thread, int64_t threads,
                                               ArrayRef<PartialSum> sums,
                                               Value scratch) {
  SmallVector<SharedParts> shared;
  for (const PartialSum &sum : sums) {
    Value part = combineLanes(b, sum);
    shared.push_back(placeParts(b, part.getType(), threads, scratch,
                                threads * shared.size()));
    shared.back().store(b, part, thread);
  }
  for (int64_t half = threads / 2; half >= 1 && !sums.empty(); half /= 2) {
    gpu::BarrierOp::create(b);
    combineHalves(b, thread, half, shared, sums);
  }
  SmallVector<Value> combined;
  for (const SharedParts &parts : shared)
    combined.push_back(parts.load(b, thread));
  return combined;
}
