// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A branch for each kernel.

#include "pdq/Codegen/GPU/Epilogue/SiblingEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Codegen/GPU/Matrix/MatrixEmitter.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Separating
//===----------------------------------------------------------------------===//

SmallVector<SmallVector<linalg::LinalgOp>>
mlir::pdq::getSiblings(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  std::optional<ArrayRef<int64_t>> groups = kernel.getGroups();
  if (!groups)
    return {ops};
  SmallVector<SmallVector<linalg::LinalgOp>> siblings;
  ArrayRef<linalg::LinalgOp> left(ops);
  for (int64_t size : *groups) {
    siblings.emplace_back(left.take_front(size));
    left = left.drop_front(size);
  }
  return siblings;
}

SmallVector<OwningOpRef<plan::KernelOp>>
mlir::pdq::separateSiblings(plan::KernelOp kernel) {
  SmallVector<OwningOpRef<plan::KernelOp>> siblings;
  size_t first = 0;
  for (ArrayRef<linalg::LinalgOp> group : getSiblings(kernel)) {
    auto sibling = cast<plan::KernelOp>(kernel->clone());
    sibling.removeGroupsAttr();
    for (auto [number, op] : llvm::enumerate(getKernelOps(sibling)))
      if (number < first || number >= first + group.size())
        op->erase();
    siblings.push_back(sibling);
    first += group.size();
  }
  return siblings;
}

//===----------------------------------------------------------------------===//
// Emitting
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> getBlocks(plan::KernelOp kernel) {
  return kernel.getLaunch()->getGrid();
}

namespace {
class SiblingEmitter {
public:
  SiblingEmitter(plan::KernelOp kernel,
                 ArrayRef<OwningOpRef<plan::KernelOp>> siblings)
      : kernel(kernel), siblings(siblings),
        b(kernel.getLoc(), kernel.getBody().front().getTerminator()) {}
  void emit();

private:
  void emitBranch(plan::KernelOp sibling, Region &region, Value block,
                  int64_t numBlocks);
  void clone(plan::KernelOp sibling, Value block);
  void shareMemory(Region &region);

  plan::KernelOp kernel;
  ArrayRef<OwningOpRef<plan::KernelOp>> siblings;
  ImplicitLocOpBuilder b;
  /// Buffers in shared memory at the begin of the kernel.
  SmallVector<memref::AllocOp> shared;
};
} // namespace

/// The code of `sibling` for its block `block`.
void SiblingEmitter::clone(plan::KernelOp sibling, Value block) {
  IRMapping mapping;
  for (auto [own, argument] :
       llvm::zip_equal(sibling.getArguments(), kernel.getArguments()))
    mapping.map(own, argument);
  for (Operation &op : sibling.getBody().front().without_terminator())
    b.clone(op, mapping);
  b.getInsertionBlock()->walk([&](gpu::BlockIdOp number) {
    if (number.getDimension() != gpu::Dimension::x)
      return;
    number.replaceAllUsesWith(block);
    number.erase();
  });
}

/// Buffers of a branch become those of another one with their element type,
/// which grow where they are too small.
void SiblingEmitter::shareMemory(Region &region) {
  SmallVector<memref::AllocOp> unused(shared);
  region.walk([&](memref::AllocOp alloc) {
    auto *same = llvm::find_if(unused, [&](memref::AllocOp known) {
      return known.getType().getElementType() ==
                 alloc.getType().getElementType() &&
             known.getType().getRank() == alloc.getType().getRank() &&
             known.getAlignment() == alloc.getAlignment();
    });
    if (same == unused.end()) {
      alloc->moveBefore(&kernel.getBody().front(),
                        kernel.getBody().front().begin());
      shared.push_back(alloc);
      return;
    }
    assert(alloc.getType().getRank() == 1 && "shared memory is linear");
    if (same->getType().getNumElements() < alloc.getType().getNumElements())
      same->getMemref().setType(alloc.getType());
    alloc.replaceAllUsesWith(same->getResult());
    alloc.erase();
    unused.erase(same);
  });
}

/// Launches have as many blocks for each sibling as the one with the most
/// needs.
void SiblingEmitter::emitBranch(plan::KernelOp sibling, Region &region,
                                Value block, int64_t numBlocks) {
  OpBuilder::InsertionGuard restore(b);
  b.createBlock(&region);
  int64_t own = getBlocks(sibling)[0];
  scf::IfOp guard;
  if (own < numBlocks) {
    Value isOwn = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, block,
                                        arith::ConstantIndexOp::create(b, own));
    guard = scf::IfOp::create(b, isOwn, /*withElseRegion=*/false);
    b.setInsertionPointToStart(guard.thenBlock());
  }
  clone(sibling, block);
  if (guard)
    b.setInsertionPointAfter(guard);
  scf::YieldOp::create(b);
  shareMemory(region);
}

void SiblingEmitter::emit() {
  for (linalg::LinalgOp op : getKernelOps(kernel))
    op->erase();
  int64_t numBlocks = 0;
  for (const OwningOpRef<plan::KernelOp> &sibling : siblings)
    numBlocks = std::max(numBlocks, getBlocks(*sibling)[0]);
  Value count = arith::ConstantIndexOp::create(b, siblings.size());
  Value number = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value turn = arith::RemUIOp::create(b, number, count);
  Value block = arith::DivUIOp::create(b, number, count);
  SmallVector<int64_t> cases =
      llvm::to_vector(llvm::seq<int64_t>(1, siblings.size()));
  auto branches =
      scf::IndexSwitchOp::create(b, TypeRange(), turn, cases, cases.size());
  for (auto [index, sibling] : llvm::enumerate(siblings))
    emitBranch(*sibling,
               index == 0 ? branches.getDefaultRegion()
                          : branches.getCaseRegions()[index - 1],
               block, numBlocks);
  plan::KernelOp first = *siblings.front();
  plan::LaunchConfigAttr launch = *first.getLaunch();
  SmallVector<int64_t> grid(getBlocks(first));
  grid[0] = numBlocks * siblings.size();
  int64_t bytes = getLaunchSharedBytes(kernel);
  // With more shared memory than one of them has there may be fewer blocks.
  int64_t blocks = bytes == launch.getSharedBytes() ? launch.getMinBlocks() : 0;
  kernel.setForm(first.getForm());
  kernel.setLaunchAttr(
      plan::LaunchConfigAttr::get(b.getContext(), b.getDenseI64ArrayAttr(grid),
                                  launch.getBlock(), bytes, blocks));
}

LogicalResult
mlir::pdq::emitSiblings(plan::KernelOp kernel,
                        ArrayRef<OwningOpRef<plan::KernelOp>> siblings) {
  plan::KernelOp first = *siblings.front();
  auto isLike = [&](const OwningOpRef<plan::KernelOp> &sibling) {
    return (*sibling).getLaunch()->getBlock() ==
               first.getLaunch()->getBlock() &&
           getBlocks(*sibling).drop_front() == getBlocks(first).drop_front();
  };
  if (!llvm::all_of(siblings, isLike))
    return kernel.emitError("siblings have blocks of different sizes, or "
                            "different batches");
  SiblingEmitter(kernel, siblings).emit();
  return success();
}
