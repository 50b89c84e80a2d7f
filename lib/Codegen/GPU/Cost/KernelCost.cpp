// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Touched elements by the maps of the operands.

#include "KernelCost.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/Common/KernelStrategy.h"
#include "pdq/Codegen/GPU/Epilogue/GroupEmitter.h"
#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

static int64_t getElementBytes(MemRefType type) {
  Type element = type.getElementType();
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  return llvm::divideCeil(bits, 8u);
}

static int64_t countIterations(linalg::LinalgOp op) {
  int64_t product = 1;
  for (int64_t extent : op.getStaticLoopRanges())
    product *= extent;
  return product;
}

/// Bytes of the elements that an operand touches: one for each value of the
/// loops in its map, at most the whole buffer (windows overlap).
static int64_t countBytes(linalg::LinalgOp op, OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type)
    return 0;
  AffineMap map = op.getMatchingIndexingMap(&operand);
  int64_t elements = 1;
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges()))
    if (map.isFunctionOfDim(loop))
      elements *= extent;
  return std::min(elements, type.getNumElements()) * getElementBytes(type);
}

/// Floating point operations of one iteration.
static int64_t countFlops(linalg::LinalgOp op) {
  return llvm::count_if(
      op.getBlock()->without_terminator(), [](Operation &inner) {
        bool isArithmetic =
            isa<math::MathDialect>(inner.getDialect()) ||
            isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
                arith::RemFOp, arith::NegFOp, arith::MaximumFOp,
                arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(inner);
        return isArithmetic && isa<FloatType>(inner.getResult(0).getType());
      });
}

/// Whether `loop` numbers partial sums of a contraction: it moves both factors
/// together with loops that are summed.
static bool numbersParts(linalg::LinalgOp op, ArrayRef<OpOperand *> factors,
                         unsigned loop) {
  auto iterators = op.getIteratorTypesArray();
  auto moves = [&](OpOperand *factor) {
    return llvm::any_of(
        op.getMatchingIndexingMap(factor).getResults(), [&](AffineExpr index) {
          bool isSummed = false;
          for (auto [other, iterator] : llvm::enumerate(iterators))
            isSummed |= iterator == utils::IteratorType::reduction &&
                        index.isFunctionOfDim(other);
          return isSummed && index.isFunctionOfDim(loop);
        });
  };
  return llvm::all_of(factors, moves);
}

/// Adds the bytes of the factors of a contraction of two different tensors to
/// those of others, and the bytes of its result: without parts, which are
/// summed up later.
static void addContractionBytes(linalg::LinalgOp op,
                                DenseMap<Value, int64_t> &factors,
                                int64_t &resultBytes) {
  FailureOr<Reduction> reduction = findReduction(op);
  if (failed(reduction) || !reduction->isMultiplyAdd)
    return;
  SmallVector<OpOperand *> operands;
  for (Value factor : reduction->term.getDefiningOp()->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(factor);
    if (!argument || argument.getOwner() != op.getBlock())
      return;
    operands.push_back(op.getDpsInputOperand(argument.getArgNumber()));
  }
  if (operands[0]->get() == operands[1]->get())
    return;
  for (OpOperand *operand : operands) {
    int64_t &bytes = factors[operand->get()];
    bytes = std::max(bytes, countBytes(op, *operand));
  }
  int64_t bytes = countBytes(op, *op.getDpsInitOperand(0));
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges()))
    if (extent > 1 && map.isFunctionOfDim(loop) &&
        numbersParts(op, operands, loop))
      bytes /= extent;
  resultBytes += bytes;
}

static void addReads(linalg::LinalgOp op, DenseMap<Value, int64_t> &touched,
                     const DenseMap<Value, int64_t> &written) {
  auto note = [&](Value buffer, int64_t bytes) {
    if (!written.contains(buffer))
      touched[buffer] = std::max(touched.lookup(buffer), bytes);
  };
  for (OpOperand &operand : op->getOpOperands())
    if (op.payloadUsesValueFromOperand(&operand))
      note(operand.get(), countBytes(op, operand));
  // Each load of the payload may touch other elements in each iteration.
  DenseMap<Value, int64_t> loads;
  op->walk([&](memref::LoadOp load) { ++loads[load.getMemRef()]; });
  for (auto [buffer, count] : loads) {
    auto type = cast<MemRefType>(buffer.getType());
    note(buffer, std::min(count * countIterations(op), type.getNumElements()) *
                     getElementBytes(type));
  }
}

static bool isStored(plan::KernelOp kernel, Value buffer) {
  auto argument = dyn_cast<BlockArgument>(buffer);
  return argument &&
         !kernel.getArgAttr(argument.getArgNumber(), plan::registerOnlyName);
}

/// Adds the form of a group of operations to `cost`, and the bytes of its
/// contractions to `factors`. What is fused into a contraction is none.
static void addForm(ArrayRef<linalg::LinalgOp> ops,
                    DenseMap<Value, int64_t> &factors, KernelCost &cost) {
  cost.form = plan::Form::Elementwise;
  while (true) {
    SmallVector<linalg::LinalgOp> contractions = findContractions(ops);
    if (contractions.empty())
      return;
    for (linalg::LinalgOp op : contractions)
      addContractionBytes(op, factors, cost.productBytes);
    cost.form = plan::Form::Reduction;
    if (const ContractionForm *form = findContractionForm(contractions)) {
      cost.form = form->getForm();
      cost.usesTensorCores = form->usesTensorCores();
      return;
    }
    ops =
        ops.drop_front(llvm::find(ops, contractions.back()) - ops.begin() + 1);
  }
}

FailureOr<KernelCost> mlir::pdq::computeCost(plan::KernelOp kernel) {
  KernelCost cost;
  DenseMap<Value, int64_t> read, written, factors;
  if (getKernelOps(kernel).empty()) {
    kernel.emitError("kernel holds no linalg operation, expected the form that "
                     "pdq-fuse-kernels leaves");
    return failure();
  }
  for (ArrayRef<linalg::LinalgOp> ops : getGroups(kernel)) {
    addForm(ops, factors, cost);
    for (linalg::LinalgOp op : ops) {
      addReads(op, read, written);
      for (OpOperand &output : op.getDpsInitsMutable())
        written[output.get()] = countBytes(op, output);
      cost.flops += countFlops(op) * countIterations(op);
    }
  }
  if (kernel.getRows())
    cost.form = plan::Form::Rows;
  for (auto [buffer, bytes] : factors)
    cost.productBytes += bytes;
  for (auto [buffer, bytes] : read)
    cost.bytesRead += isa<MemRefType>(buffer.getType()) ? bytes : 0;
  for (auto [buffer, bytes] : written)
    cost.bytesWritten += isStored(kernel, buffer) ? bytes : 0;
  return cost;
}

/// NVIDIA's data sheets: A100 80GB SXM, H100 SXM, B200 (half of a GB200).
ArrayRef<ChipRates> mlir::pdq::getChipRates() {
  static const ChipRates rates[] = {
      {"sm_80", "A100", 2.039e12, 19.5e12, 156e12, 312e12},
      {"sm_90a", "H100", 3.35e12, 67e12, 494e12, 989e12},
      {"sm_100", "B200", 8e12, 80e12, 1.25e15, 2.5e15}};
  return rates;
}

double mlir::pdq::getRooflineSeconds(const KernelCost &cost,
                                     const ChipRates &rates,
                                     double contractions) {
  double bytes = double(cost.bytesRead + cost.bytesWritten) / rates.bytes;
  double peak = cost.usesTensorCores ? contractions : rates.fp32;
  return std::max(bytes, double(cost.flops) / peak);
}
