// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A structured operation as loops and linear addresses.

#include "pdq/Codegen/Common/IterationSpace.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::pdq;

/// Adds `factor` times a linear expression to an operand's address.
static LogicalResult addTerm(AffineExpr expr, int64_t factor,
                             KernelOperand &operand) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    operand.strides[dim.getPosition()] += factor;
    return success();
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    operand.offset += factor * constant.getValue();
    return success();
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (binary && expr.getKind() == AffineExprKind::Add)
    return success(succeeded(addTerm(binary.getLHS(), factor, operand)) &&
                   succeeded(addTerm(binary.getRHS(), factor, operand)));
  if (binary && expr.getKind() == AffineExprKind::Mul)
    if (auto scale = dyn_cast<AffineConstantExpr>(binary.getRHS()))
      return addTerm(binary.getLHS(), factor * scale.getValue(), operand);
  return LogicalResult::failure();
}

static FailureOr<KernelOperand>
analyzeOperand(linalg::LinalgOp op, OpOperand &operand, unsigned numLoops) {
  KernelOperand result;
  result.strides.assign(numLoops, 0);
  result.isOutput = op.isDpsInit(&operand);
  result.type = dyn_cast<MemRefType>(operand.get().getType());
  if (!result.type) // A scalar that the payload reads.
    return result;
  result.buffer = dyn_cast<BlockArgument>(operand.get());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!result.buffer ||
      failed(result.type.getStridesAndOffset(strides, offset)) || offset != 0)
    return LogicalResult::failure();
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides))
    if (failed(addTerm(expr, stride, result)))
      return LogicalResult::failure();
  return result;
}

FailureOr<IterationSpace> mlir::pdq::analyzeIterationSpace(linalg::LinalgOp op,
                                                           StringRef &reason,
                                                           bool withOutputs) {
  IterationSpace space;
  space.op = op;
  for (auto [dim, extent, iterator] :
       llvm::enumerate(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    space.loops.push_back({extent, iterator == utils::IteratorType::parallel,
                           static_cast<unsigned>(dim)});
  for (OpOperand &operand : op->getOpOperands()) {
    if (!withOutputs && op.isDpsInit(&operand)) {
      space.operands.emplace_back();
      space.operands.back().strides.assign(space.loops.size(), 0);
      space.operands.back().isOutput = true;
      continue;
    }
    FailureOr<KernelOperand> analyzed =
        analyzeOperand(op, operand, space.loops.size());
    if (failed(analyzed)) {
      reason = "an operand is not indexed linearly";
      return failure();
    }
    space.operands.push_back(*analyzed);
  }
  return space;
}

bool IterationSpace::isOutputLoop(unsigned loop) const {
  return llvm::any_of(operands, [&](const KernelOperand &operand) {
    return operand.isOutput && operand.strides[loop] != 0;
  });
}

void IterationSpace::permute(ArrayRef<unsigned> order) {
  auto apply = [&](auto &list) {
    auto copy = list;
    for (auto [place, source] : llvm::enumerate(order))
      list[place] = copy[source];
  };
  apply(loops);
  for (KernelOperand &operand : operands)
    apply(operand.strides);
}

void IterationSpace::split(unsigned loop, int64_t inner) {
  KernelLoop part = loops[loop];
  part.extent = inner;
  loops[loop].extent /= inner;
  loops[loop].indexStep *= inner;
  loops.push_back(part);
  for (KernelOperand &operand : operands) {
    operand.strides.push_back(operand.strides[loop]);
    operand.strides[loop] *= inner;
  }
}

void IterationSpace::collapse() {
  SmallVector<unsigned> indexed;
  for (auto index : op.getBlock()->getOps<linalg::IndexOp>())
    indexed.push_back(index.getDim());
  for (unsigned loop = 0; loop + 1 < loops.size();) {
    const KernelLoop &outer = loops[loop], &inner = loops[loop + 1];
    bool contiguous = llvm::all_of(operands, [&](const KernelOperand &operand) {
      return operand.strides[loop] == operand.strides[loop + 1] * inner.extent;
    });
    if (!contiguous || outer.isParallel != inner.isParallel ||
        llvm::is_contained(indexed, outer.dim) ||
        llvm::is_contained(indexed, inner.dim)) {
      ++loop;
      continue;
    }
    loops[loop].extent *= inner.extent;
    loops.erase(loops.begin() + loop + 1);
    for (KernelOperand &operand : operands) {
      operand.strides[loop] = operand.strides[loop + 1];
      operand.strides.erase(operand.strides.begin() + loop + 1);
    }
  }
}
