// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The preset of a network, by its structure.

#include "PresetChoice.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "pdq/IR/PDQ.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// What is counted in the float bodies of a network.
struct Structure {
  unsigned convolutions = 0, depthwise = 0, grouped = 0;
  bool clampsAtSix = false, hasSmoothActivation = false;

  explicit Structure(ModuleOp module);

private:
  void visit(linalg::LinalgOp op);
};
} // namespace

/// Product of the sizes of those loops that `isChosen` chooses.
static int64_t multiplySizes(linalg::LinalgOp op,
                             function_ref<bool(AffineExpr)> isChosen) {
  int64_t product = 1;
  for (auto [loop, size] : llvm::enumerate(op.getStaticLoopRanges()))
    if (isChosen(getAffineDimExpr(loop, op.getContext())))
      product *= size;
  return product;
}

/// A convolution has an input, a filter of three dimensions or more that it
/// reduces over, and a payload that multiplies and adds. Its groups are the
/// loops that index input, filter and result; its input channels those that
/// index input and filter only.
void Structure::visit(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0 ||
      op.getBlock()->getOps<arith::MulFOp>().empty())
    return;
  AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap filter = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (filter.getNumResults() < 3 || input.getNumResults() < 3)
    return;
  auto has = [](AffineMap map, AffineExpr loop) {
    return llvm::is_contained(map.getResults(), loop);
  };
  int64_t groups = multiplySizes(op, [&](AffineExpr loop) {
    return has(input, loop) && has(filter, loop) && has(result, loop);
  });
  int64_t channels = multiplySizes(op, [&](AffineExpr loop) {
    return has(input, loop) && has(filter, loop) && !has(result, loop);
  });
  ++convolutions;
  if (groups > 1)
    ++(channels == 1 ? depthwise : grouped);
}

static bool isSix(arith::ConstantOp op) {
  auto value = dyn_cast<FloatAttr>(op.getValue());
  if (auto splat = dyn_cast<SplatElementsAttr>(op.getValue()))
    value = dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  return value && value.getValueAsDouble() == 6.0;
}

Structure::Structure(ModuleOp module) {
  module.walk([&](RegionOp region) {
    region.getFloatBody().walk([&](Operation *op) {
      if (auto structured = dyn_cast<linalg::LinalgOp>(op))
        visit(structured);
      else if (auto constant = dyn_cast<arith::ConstantOp>(op))
        clampsAtSix |= isSix(constant);
      hasSmoothActivation |= isa<math::ExpOp, math::TanhOp, math::ErfOp>(op);
    });
  });
}

PresetChoice mlir::pdq::choosePreset(ModuleOp module) {
  Structure found(module);
  auto describe = [&](unsigned count, StringRef what) {
    return llvm::formatv("{0} of {1} convolutions are {2}", count,
                         found.convolutions, what)
        .str();
  };
  // One in five: a third of the convolutions in all of these families.
  bool isDepthwise = found.depthwise * 5 >= found.convolutions;
  if (found.depthwise && isDepthwise && found.clampsAtSix)
    return {Preset::MobileNetV2,
            describe(found.depthwise, "depthwise") +
                ", with activations that are clamped at 6"};
  if (found.depthwise && isDepthwise && found.hasSmoothActivation)
    return {Preset::MobileNetV2, describe(found.depthwise, "depthwise") +
                                     ", with smooth activations"};
  if (found.depthwise && isDepthwise)
    return {Preset::MNasNet,
            describe(found.depthwise, "depthwise") + ", with rectifiers"};
  if (found.grouped && found.grouped * 5 >= found.convolutions)
    return {Preset::RegNetX, describe(found.grouped, "grouped")};
  return {Preset::ResNet, "convolutions are neither depthwise nor grouped"};
}
