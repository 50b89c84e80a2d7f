// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A branch for each kernel.

#include "pdq/Codegen/GPU/Epilogue/GroupEmitter.h"
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
mlir::pdq::getGroups(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  std::optional<ArrayRef<int64_t>> sizes = kernel.getGroups();
  if (!sizes)
    return {ops};
  SmallVector<SmallVector<linalg::LinalgOp>> groups;
  ArrayRef<linalg::LinalgOp> left(ops);
  for (int64_t size : *sizes) {
    groups.emplace_back(left.take_front(size));
    left = left.drop_front(size);
  }
  return groups;
}

SmallVector<OwningOpRef<plan::KernelOp>>
mlir::pdq::separateGroups(plan::KernelOp kernel) {
  SmallVector<OwningOpRef<plan::KernelOp>> groups;
  size_t first = 0;
  for (ArrayRef<linalg::LinalgOp> ops : getGroups(kernel)) {
    auto group = cast<plan::KernelOp>(kernel->clone());
    group.removeGroupsAttr();
    for (auto [number, op] : llvm::enumerate(getKernelOps(group)))
      if (number < first || number >= first + ops.size())
        op->erase();
    groups.push_back(group);
    first += ops.size();
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Emitting
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> getBlocks(plan::KernelOp kernel) {
  return kernel.getLaunch()->getGrid();
}

namespace {
class GroupEmitter {
public:
  GroupEmitter(plan::KernelOp kernel,
               ArrayRef<OwningOpRef<plan::KernelOp>> groups)
      : kernel(kernel), groups(groups),
        b(kernel.getLoc(), kernel.getBody().front().getTerminator()) {}
  void emit();

private:
  void emitBranch(plan::KernelOp group, Region &region, Value block,
                  int64_t numBlocks);
  void clone(plan::KernelOp group, Value block);
  void shareMemory(Region &region);

  plan::KernelOp kernel;
  ArrayRef<OwningOpRef<plan::KernelOp>> groups;
  ImplicitLocOpBuilder b;
  /// Buffers in shared memory at the begin of the kernel.
  SmallVector<memref::AllocOp> shared;
};
} // namespace

/// The code of `group` for its block `block`.
void GroupEmitter::clone(plan::KernelOp group, Value block) {
  IRMapping mapping;
  for (auto [own, argument] :
       llvm::zip_equal(group.getArguments(), kernel.getArguments()))
    mapping.map(own, argument);
  for (Operation &op : group.getBody().front().without_terminator())
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
void GroupEmitter::shareMemory(Region &region) {
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

/// Launches have as many blocks for each group as the one with the most
/// needs.
void GroupEmitter::emitBranch(plan::KernelOp group, Region &region, Value block,
                              int64_t numBlocks) {
  OpBuilder::InsertionGuard restore(b);
  b.createBlock(&region);
  int64_t own = getBlocks(group)[0];
  scf::IfOp guard;
  if (own < numBlocks) {
    Value isOwn = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, block,
                                        arith::ConstantIndexOp::create(b, own));
    guard = scf::IfOp::create(b, isOwn, /*withElseRegion=*/false);
    b.setInsertionPointToStart(guard.thenBlock());
  }
  clone(group, block);
  if (guard)
    b.setInsertionPointAfter(guard);
  scf::YieldOp::create(b);
  shareMemory(region);
}

void GroupEmitter::emit() {
  for (linalg::LinalgOp op : getKernelOps(kernel))
    op->erase();
  int64_t numBlocks = 0;
  for (const OwningOpRef<plan::KernelOp> &group : groups)
    numBlocks = std::max(numBlocks, getBlocks(*group)[0]);
  Value count = arith::ConstantIndexOp::create(b, groups.size());
  Value number = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value turn = arith::RemUIOp::create(b, number, count);
  Value block = arith::DivUIOp::create(b, number, count);
  SmallVector<int64_t> cases =
      llvm::to_vector(llvm::seq<int64_t>(1, groups.size()));
  auto branches =
      scf::IndexSwitchOp::create(b, TypeRange(), turn, cases, cases.size());
  for (auto [index, group] : llvm::enumerate(groups))
    emitBranch(*group,
               index == 0 ? branches.getDefaultRegion()
                          : branches.getCaseRegions()[index - 1],
               block, numBlocks);
  plan::KernelOp first = *groups.front();
  plan::LaunchConfigAttr launch = *first.getLaunch();
  SmallVector<int64_t> grid(getBlocks(first));
  grid[0] = numBlocks * groups.size();
  int64_t bytes = getLaunchSharedBytes(kernel);
  // With more shared memory than one of them has there may be fewer blocks.
  int64_t blocks = bytes == launch.getSharedBytes() ? launch.getMinBlocks() : 0;
  kernel.setForm(first.getForm());
  kernel.setLaunchAttr(
      plan::LaunchConfigAttr::get(b.getContext(), b.getDenseI64ArrayAttr(grid),
                                  launch.getBlock(), bytes, blocks));
}

LogicalResult
mlir::pdq::emitGroups(plan::KernelOp kernel,
                      ArrayRef<OwningOpRef<plan::KernelOp>> groups) {
  plan::KernelOp first = *groups.front();
  auto isLike = [&](const OwningOpRef<plan::KernelOp> &group) {
    return (*group).getLaunch()->getBlock() == first.getLaunch()->getBlock() &&
           getBlocks(*group).drop_front() == getBlocks(first).drop_front();
  };
  if (!llvm::all_of(groups, isLike))
    return kernel.emitError("groups have blocks of different sizes, or "
                            "different batches");
  GroupEmitter(kernel, groups).emit();
  return success();
}
