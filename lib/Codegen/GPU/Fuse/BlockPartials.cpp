// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The number of partial sums, and which elements each of them sums up.

#include "BlockPartials.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether the loops that index an operand belong to it alone, and all are
/// reductions: they can have any extents.
static bool isSummedAlone(linalg::LinalgOp op, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (op.isDpsInit(&operand) || !map.isProjectedPermutation())
    return false;
  auto iterators = op.getIteratorTypesArray();
  for (unsigned loop = 0; loop < map.getNumDims(); ++loop) {
    if (!map.isFunctionOfDim(loop))
      continue;
    if (iterators[loop] != utils::IteratorType::reduction)
      return false;
    for (OpOperand &other : op->getOpOperands())
      if (&other != &operand &&
          op.getMatchingIndexingMap(&other).isFunctionOfDim(loop))
        return false;
  }
  return llvm::none_of(op.getBlock()->getOps<linalg::IndexOp>(),
                       [&](linalg::IndexOp index) {
                         return map.isFunctionOfDim(index.getDim());
                       });
}

/// Whether `reader` only sums `buffer` up, by one block of threads.
static bool onlySums(const KernelCall &reader, Value buffer) {
  plan::KernelOp kernel = reader.kernel;
  if (kernel.getRows().value_or(0) != 0)
    return false;
  for (BlockArgument argument : kernel.getArguments()) {
    if (reader.getOperand(argument) != buffer)
      continue;
    for (OpOperand &use : argument.getUses()) {
      auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
      if (!op || !isSummedAlone(op, use))
        return false;
    }
  }
  return true;
}

bool mlir::pdq::canResizePartials(KernelCalls &calls, const KernelCall &writer,
                                  Value buffer) {
  auto alloc = buffer.getDefiningOp<memref::AllocOp>();
  if (!alloc || alloc.getType().getRank() == 0)
    return false;
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    FailureOr<KernelCall> reader = calls.resolve(user);
    return succeeded(reader) &&
           (reader->call == writer.call || onlySums(*reader, buffer));
  });
}

/// The sums of an epilogue.
static SmallVector<linalg::LinalgOp> getSums(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> sums;
  for (linalg::LinalgOp op : getKernelOps(kernel))
    if (op.getNumReductionLoops() > 0)
      sums.push_back(op);
  return sums;
}

/// The readers of `buffer` get kernels for its new type.
static void resize(KernelCalls &calls, const KernelCall &writer, Value buffer,
                   MemRefType type) {
  SetVector<Operation *> users(buffer.getUsers().begin(),
                               buffer.getUsers().end());
  buffer.setType(type);
  for (Operation *user : users) {
    FailureOr<KernelCall> reader = calls.resolve(user);
    if (reader->call == writer.call)
      continue;
    IntegerAttr rows = reader->kernel.getRowsAttr();
    calls.replace({*reader}, user, [&](plan::KernelOp kernel, ArrayRef<Value>) {
      if (rows)
        kernel.setRowsAttr(rows);
    });
  }
}

bool mlir::pdq::hasSums(plan::KernelOp kernel) {
  return !getSums(kernel).empty();
}

void mlir::pdq::resizePartials(KernelCalls &calls, const KernelCall &epilogue,
                               const BlockPartition &partition) {
  for (linalg::LinalgOp op : getSums(epilogue.kernel)) {
    Value buffer = epilogue.getOperand(op.getDpsInits()[0]);
    auto type = cast<MemRefType>(buffer.getType());
    SmallVector<int64_t> shape(type.getRank(), 1);
    shape.front() = partition.numBlocks;
    resize(calls, epilogue, buffer,
           MemRefType::get(shape, type.getElementType()));
  }
}

/// Makes `part` a sum over all elements of a block, whose number says where in
/// the result it goes.
static void sumOverBlock(const EpilogueOp &part, AffineExpr block) {
  linalg::GenericOp op = part.op;
  Builder b(op.getContext());
  // From dimensions of the result to loops of the sum.
  SmallVector<AffineExpr> loops(part.dims.size());
  for (auto [loop, dim] : llvm::enumerate(part.dims))
    loops[dim] = b.getAffineDimExpr(loop);
  SmallVector<AffineExpr> places(
      cast<MemRefType>(op.getDpsInits()[0].getType()).getRank(),
      b.getAffineConstantExpr(0));
  places.front() = block.replaceDims(loops);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.back() = AffineMap::get(loops.size(), 0, places, b.getContext());
  op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
  op.setIteratorTypesAttr(b.getArrayAttr(SmallVector<Attribute>(
      loops.size(), linalg::IteratorTypeAttr::get(
                        b.getContext(), utils::IteratorType::reduction))));
}

void mlir::pdq::sumOverBlocks(plan::KernelOp kernel,
                              const BlockPartition &partition) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel),
                                contractions = findContractions(ops);
  const auto *last = llvm::find(ops, contractions.back());
  Value result = contractions.front().getDpsInits().front();
  StringRef reason;
  SmallVector<EpilogueOp> epilogue =
      *findContractionForm(contractions)
           ->matchEpilogue(result, ArrayRef(std::next(last), ops.end()),
                           reason);
  for (const EpilogueOp &part : epilogue)
    if (part.reduces())
      sumOverBlock(part, partition.number);
  kernel.setTileAttr(partition.tile);
}
