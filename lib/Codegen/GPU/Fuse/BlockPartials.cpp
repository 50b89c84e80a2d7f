// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The number of partial sums, and which elements each of them sums up.

#include "BlockPartials.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"

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

std::optional<MatrixTile> mlir::pdq::resizePartials(KernelCalls &calls,
                                                    const KernelCall &main,
                                                    const KernelCall &epilogue,
                                                    plan::Math math,
                                                    StringRef chip) {
  SmallVector<linalg::LinalgOp> sums = getSums(epilogue.kernel);
  if (sums.empty())
    return std::nullopt;
  StringRef reason;
  MatrixStrategy strategy =
      *matchMatrix(findProducts(getKernelOps(main.kernel)), reason);
  MatrixTile tile = chooseTile(getTiles(strategy, math, chip),
                               strategy.getShape(), math, chip);
  SmallVector<int64_t> grid = getGrid(strategy, tile);
  for (linalg::LinalgOp op : sums) {
    Value buffer = epilogue.getOperand(op.getDpsInits()[0]);
    auto type = cast<MemRefType>(buffer.getType());
    SmallVector<int64_t> shape(type.getRank(), 1);
    shape.front() = grid[0] * grid[2];
    resize(calls, epilogue, buffer,
           MemRefType::get(shape, type.getElementType()));
  }
  return tile;
}

void mlir::pdq::sumOverBlocks(plan::KernelOp kernel, const MatrixTile &tile) {
  StringRef reason;
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel),
                                products = findProducts(ops);
  MatrixStrategy strategy = *matchMatrix(products, reason);
  auto *last = llvm::find(ops, products.back());
  ArrayRef<linalg::LinalgOp> behind(std::next(last), ops.end());
  SmallVector<EpilogueOp> epilogue =
      *matchEpilogue(strategy.output.buffer, behind, maxMatrixPayload, reason);
  AffineExpr block = getBlockNumber(strategy, tile);
  Builder b(kernel.getContext());
  for (const EpilogueOp &part : epilogue) {
    if (!part.reduces())
      continue;
    linalg::GenericOp op = part.op;
    // From dimensions of the result to loops of the sum.
    SmallVector<AffineExpr> loops(part.dims.size()), places;
    for (auto [loop, dim] : llvm::enumerate(part.dims))
      loops[dim] = b.getAffineDimExpr(loop);
    places.assign(cast<MemRefType>(op.getDpsInits()[0].getType()).getRank(),
                  b.getAffineConstantExpr(0));
    places.front() = block.replaceDims(loops);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.back() = AffineMap::get(loops.size(), 0, places, kernel.getContext());
    op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
    op.setIteratorTypesAttr(b.getArrayAttr(SmallVector<Attribute>(
        loops.size(),
        linalg::IteratorTypeAttr::get(kernel.getContext(),
                                      utils::IteratorType::reduction))));
  }
  kernel.setTileAttr(tile.getAttr(kernel.getContext()));
}
