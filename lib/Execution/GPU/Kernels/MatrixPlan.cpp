// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops are rows, columns and terms, and how large tiles are.

#include "MatrixPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::pdq;

/// Sizes below which a product is left to single threads: a tile would be
/// mostly empty.
static constexpr int64_t minRows = 16, minColumns = 8, minTerms = 8;
/// Addresses inside of a side are decoded in 32 bits.
static constexpr int64_t maxSize = int64_t(1) << 30;

namespace {
class MatrixPlanner {
public:
  explicit MatrixPlanner(linalg::LinalgOp op) { plan.op = op; }
  FailureOr<MatrixPlan> build(StringRef &reason);

private:
  bool findFactors();
  bool sortLoops();
  void addLoop(MatrixSide &side, unsigned loop);
  void describe(MatrixOperand &operand, const KernelOperand &source,
                ArrayRef<int64_t> terms, const MatrixSide &own);
  void chooseTile();

  MatrixPlan plan;
  IterationSpace space;
  const KernelOperand *lhs = nullptr, *rhs = nullptr, *output = nullptr;
};
} // namespace

/// The operands of the product, both buffers of f32.
bool MatrixPlanner::findFactors() {
  FailureOr<Reduction> reduction = findReduction(plan.op);
  if (failed(reduction) || !reduction->isMultiplyAdd)
    return false;
  Operation *product = reduction->term.getDefiningOp();
  auto find = [&](Value factor) -> const KernelOperand * {
    unsigned number = cast<BlockArgument>(factor).getArgNumber();
    const KernelOperand &operand = space.operands[number];
    bool fits = !operand.isOutput && operand.type &&
                operand.type.getElementType().isF32();
    return fits ? &operand : nullptr;
  };
  lhs = find(product->getOperand(0));
  rhs = find(product->getOperand(1));
  output = &space.getOutput(0);
  return lhs && rhs && lhs != rhs && output->type.getElementType().isF32();
}

void MatrixPlanner::addLoop(MatrixSide &side, unsigned loop) {
  side.extents.push_back(space.loops[loop].extent);
  side.loops.push_back(space.loops[loop].dim);
  side.lhs.push_back(lhs->strides[loop]);
  side.rhs.push_back(rhs->strides[loop]);
  side.output.push_back(output->strides[loop]);
  side.size *= space.loops[loop].extent;
}

/// Every loop belongs to one side. Fails where one belongs to none.
bool MatrixPlanner::sortLoops() {
  for (unsigned loop = 0; loop < space.loops.size(); ++loop) {
    if (space.loops[loop].extent == 1)
      continue;
    bool inLhs = lhs->strides[loop] != 0, inRhs = rhs->strides[loop] != 0;
    bool inOutput = output->strides[loop] != 0;
    if (inOutput != space.loops[loop].isParallel)
      return false;
    if (inOutput && inLhs && inRhs)
      addLoop(plan.batch, loop);
    else if (inOutput && inLhs)
      addLoop(plan.rows, loop);
    else if (inOutput && inRhs)
      addLoop(plan.columns, loop);
    else if (!inOutput && inLhs && inRhs)
      addLoop(plan.terms, loop);
    else
      return false;
  }
  return true;
}

/// How tiles of an operand are copied. `terms` are its strides along the terms.
void MatrixPlanner::describe(MatrixOperand &operand,
                             const KernelOperand &source,
                             ArrayRef<int64_t> terms, const MatrixSide &own) {
  operand.buffer = source.buffer;
  operand.offset = source.offset;
  if (terms.empty() || terms.back() != 1)
    return;
  operand.isTermMajor = true;
  auto kernel = cast<func::FuncOp>(source.buffer.getOwner()->getParentOp());
  auto aligned = kernel.getArgAttrOfType<IntegerAttr>(
      source.buffer.getArgNumber(), LLVM::LLVMDialect::getAlignAttrName());
  constexpr int64_t lanes = 4;
  bool isVector = aligned && aligned.getInt() >= 16 &&
                  source.offset % lanes == 0 &&
                  plan.terms.extents.back() % lanes == 0;
  for (auto [loop, stride] : llvm::enumerate(source.strides))
    isVector &= stride == 1 || stride % lanes == 0;
  // Only the innermost loop of the terms may move by single elements.
  isVector &= llvm::count(source.strides, 1) == 1;
  operand.isVector = isVector;
}

/// Larger tiles read less, smaller ones keep more multiprocessors busy.
void MatrixPlanner::chooseTile() {
  plan.tileRows = 64;
  if (plan.columns.size > 32) {
    plan.tileColumns = 64;
    plan.warpRows = plan.warpColumns = 32;
  } else if (plan.columns.size > 16) {
    plan.tileColumns = plan.warpColumns = 32;
    plan.warpRows = 16;
  } else {
    plan.tileColumns = plan.warpColumns = 16;
    plan.warpRows = 16;
  }
}

FailureOr<MatrixPlan> MatrixPlanner::build(StringRef &reason) {
  FailureOr<IterationSpace> analyzed = analyze(plan.op, reason);
  if (failed(analyzed))
    return failure();
  space = std::move(*analyzed);
  if (!findFactors() || !sortLoops()) {
    reason = "it is no product of two f32 operands";
    return failure();
  }
  // The longer side is that of the rows, whose tiles are larger.
  if (plan.columns.size > plan.rows.size) {
    std::swap(lhs, rhs);
    std::swap(plan.rows, plan.columns);
    for (MatrixSide *side :
         {&plan.rows, &plan.columns, &plan.terms, &plan.batch})
      std::swap(side->lhs, side->rhs);
  }
  if (plan.rows.size < minRows || plan.columns.size < minColumns ||
      plan.terms.size < minTerms || plan.rows.size > maxSize ||
      plan.terms.size > maxSize || plan.batch.size > 65535) {
    reason = "it is too small, or too large, for tiles";
    return failure();
  }
  describe(plan.lhs, *lhs, plan.terms.lhs, plan.rows);
  describe(plan.rhs, *rhs, plan.terms.rhs, plan.columns);
  plan.output.buffer = output->buffer;
  plan.output.offset = output->offset;
  chooseTile();
  return plan;
}

FailureOr<MatrixPlan> mlir::pdq::planMatrix(linalg::LinalgOp op,
                                            StringRef &reason) {
  return MatrixPlanner(op).build(reason);
}
