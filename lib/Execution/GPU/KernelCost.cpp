// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Touched elements by the maps of the operands.

#include "KernelCost.h"
#include "../CPU/Kernels/KernelPlan.h"
#include "Kernels/DirectPlan.h"
#include "Kernels/MatrixPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

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

/// Bytes of a product of two different tensors and its result, else 0.
static int64_t countProductBytes(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0)
    return 0;
  FailureOr<Reduction> reduction = findReduction(op);
  if (failed(reduction) || !reduction->isMultiplyAdd)
    return 0;
  int64_t bytes = countBytes(op, *op.getDpsInitOperand(0));
  Operation *product = reduction->term.getDefiningOp();
  SmallVector<OpOperand *> factors;
  for (Value factor : product->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(factor);
    if (!argument || argument.getOwner() != op.getBlock())
      return 0;
    factors.push_back(op.getDpsInputOperand(argument.getArgNumber()));
    bytes += countBytes(op, *factors.back());
  }
  return factors[0]->get() == factors[1]->get() ? 0 : bytes;
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

static bool isStored(func::FuncOp kernel, Value buffer) {
  auto argument = dyn_cast<BlockArgument>(buffer);
  return argument &&
         !kernel.getArgAttr(argument.getArgNumber(), "pdq.unstored");
}

FailureOr<KernelCost> mlir::pdq::computeCost(func::FuncOp kernel) {
  KernelCost cost;
  DenseMap<Value, int64_t> read, written;
  StringRef reason;
  for (auto op : kernel.getOps<linalg::LinalgOp>()) {
    addReads(op, read, written);
    for (OpOperand &output : op.getDpsInitsMutable())
      written[output.get()] = countBytes(op, output);
    cost.flops += countFlops(op) * countIterations(op);
    // What a product takes along is none.
    if (cost.form == "matrix" || cost.form == "direct")
      continue;
    cost.productBytes += countProductBytes(op);
    if (succeeded(planMatrix(op, reason)))
      cost.form = "matrix";
    else if (succeeded(planDirect(op, reason)))
      cost.form = "direct";
    else if (op.getNumReductionLoops() > 0)
      cost.form = "reduction";
    else if (cost.form.empty())
      cost.form = "elementwise";
  }
  if (cost.form.empty())
    return failure();
  if (kernel->hasAttr("pdq.rows"))
    cost.form = "rows";
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
                                     const ChipRates &rates, double products) {
  double bytes = double(cost.bytesRead + cost.bytesWritten) / rates.bytes;
  double peak = cost.form == "matrix" ? products : rates.fp32;
  return std::max(bytes, double(cost.flops) / peak);
}
