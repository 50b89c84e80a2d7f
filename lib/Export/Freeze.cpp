// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between learning and exporting: rounding is decided, and whatever
// could still be learned is an error.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Constants.h"
#include <algorithm>
#include <cmath>

namespace mlir::pdq {
#define GEN_PASS_DEF_FREEZE
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Where a quantizer stands, for messages: its region, else its function.
static std::string describeParent(Operation *op) {
  if (auto region = op->getParentOfType<RegionOp>())
    return ("region @" + region.getSymName()).str();
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    return ("function @" + function.getName()).str();
  return "this module";
}

//===----------------------------------------------------------------------===//
// Decided rounding
//===----------------------------------------------------------------------===//

/// The weights that a hard `op` computes (round_2 with the h of round_4), or
/// null where an operand is no constant of the arithmetic `T`. Sets `isExact`
/// to whether fake quantization gives each weight back unchanged, which holds
/// unless a product with the scale leaves the normal numbers.
template <typename T>
static DenseElementsAttr computeHardWeight(AdaRoundOp op, bool &isExact) {
  auto weight = readConstant<T>(op.getWeight());
  auto rounding = readConstant<T>(op.getRounding());
  auto scale = readConstant<T>(op.getScale());
  auto zeroPoint = readConstant<int32_t>(op.getZeroPoint());
  if (!weight || !rounding || !scale || !zeroPoint)
    return {};
  auto type = cast<ShapedType>(op.getType());
  T max = op.getQuantizer().getMaxValue();
  SmallVector<T> result(weight->size());
  isExact = true;
  forEachAlongAxis(type.getShape(), op.getQuantizer().getAxis(),
                   [&](int64_t i, int64_t c) {
                     T s = (*scale)[c], z = (*zeroPoint)[c];
                     T up = (*rounding)[i] >= 0 ? 1 : 0;
                     T q = std::floor((*weight)[i] / s) + up + z;
                     q = std::min(std::max(q, T(0)), max);
                     result[i] = (q - z) * s;
                     T again = std::nearbyint(result[i] / s) + z;
                     isExact &= std::min(std::max(again, T(0)), max) == q;
                   });
  return DenseElementsAttr::get(type, ArrayRef<T>(result));
}

/// Replaces a hard `op` by fake quantization of the weight it computes.
static LogicalResult freezeRounding(IRRewriter &rewriter, AdaRoundOp op) {
  bool isExact = false;
  DenseElementsAttr weight = op.getType().getElementType().isF64()
                                 ? computeHardWeight<double>(op, isExact)
                                 : computeHardWeight<float>(op, isExact);
  if (!weight)
    return emitError(op->getLoc(), "weight in ")
           << describeParent(op)
           << " cannot be frozen: weight, rounding, scale and zero point must "
              "be constants of f32 or f64";
  if (!isExact)
    return emitError(op->getLoc(), "weight in ")
           << describeParent(op)
           << " is not finite, or its scale is too small or too large for "
           << op.getType().getElementType();
  rewriter.setInsertionPoint(op);
  Value constant = arith::ConstantOp::create(rewriter, op.getLoc(), weight);
  rewriter.replaceOpWithNewOp<FakeQuantOp>(op, op.getType(), constant,
                                           op.getScale(), op.getZeroPoint(),
                                           /*keep=*/Value(), op.getQuantizer());
  return success();
}

//===----------------------------------------------------------------------===//
// What must not be left
//===----------------------------------------------------------------------===//

static LogicalResult checkFakeQuant(FakeQuantOp op) {
  if (!op.isCalibrated())
    return emitError(op->getLoc(), "quantizer in ")
           << describeParent(op)
           << " has no scale; calibrate it with pdq-calibrate first";
  if (op.getKeep())
    return emitError(op->getLoc(), "quantizer in ")
           << describeParent(op) << " depends on a mask of the calibration";
  return success();
}

static LogicalResult checkAdaRound(AdaRoundOp op) {
  if (op.getHard())
    return success();
  return emitError(op->getLoc(), "weight in ")
         << describeParent(op)
         << " has soft rounding; finish its calibration first";
}

namespace {
struct Freeze : pdq::impl::FreezeBase<Freeze> {
  using FreezeBase::FreezeBase;

  void runOnOperation() override {
    SmallVector<AdaRoundOp> weights;
    bool isQuantized = false;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (auto adaround = dyn_cast<AdaRoundOp>(op))
        weights.push_back(adaround);
      isQuantized |= isa<RegionOp, FakeQuantOp>(op);
      return WalkResult(check(op));
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    if (!isQuantized && weights.empty())
      getOperation()->emitRemark("nothing is quantized here; run pdq-annotate "
                                 "and pdq-calibrate first");
    IRRewriter rewriter(&getContext());
    for (AdaRoundOp op : weights)
      if (failed(freezeRounding(rewriter, op)))
        return signalPassFailure();
    numFrozen = weights.size();
  }

  LogicalResult check(Operation *op) {
    if (auto fakeQuant = dyn_cast<FakeQuantOp>(op))
      return checkFakeQuant(fakeQuant);
    if (auto adaround = dyn_cast<AdaRoundOp>(op))
      return checkAdaRound(adaround);
    auto region = dyn_cast<RegionOp>(op);
    if (!region || region.getStatus() || allowInitialized)
      return success();
    return emitError(region->getLoc(), "region @")
           << region.getSymName()
           << " is not calibrated; run pdq-calibrate first, or accept initial "
              "parameters with allow-initialized";
  }
};
} // namespace
