// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channel dimensions as attributes of a region.

#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

static constexpr StringRef inputAttribute = "input_channels";
static constexpr StringRef resultAttribute = "result_channels";

/// What the attribute says where it fits the values; else the default. A value
/// of rank 1 has no other dimension than 0.
static SmallVector<int64_t> getAxes(RegionOp region, StringRef name,
                                    ValueRange values) {
  auto attribute = region->getAttrOfType<DenseI64ArrayAttr>(name);
  bool fits = attribute && attribute.size() == int64_t(values.size());
  SmallVector<int64_t> axes;
  for (auto [number, value] : llvm::enumerate(values)) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    int64_t axis = fits ? attribute[number] : defaultChannelAxis;
    if (axis < 0 || axis >= rank)
      axis = std::min(defaultChannelAxis, rank - 1);
    axes.push_back(axis);
  }
  return axes;
}

SmallVector<int64_t> mlir::pdq::getInputChannelAxes(RegionOp region) {
  return getAxes(region, inputAttribute, region.getInputs());
}

SmallVector<int64_t> mlir::pdq::getResultChannelAxes(RegionOp region) {
  return getAxes(region, resultAttribute, region.getResults());
}

static void setAxes(RegionOp region, StringRef name, ArrayRef<int64_t> axes) {
  auto isDefault = [](int64_t axis) { return axis == defaultChannelAxis; };
  if (llvm::all_of(axes, isDefault))
    region->removeAttr(name);
  else
    region->setAttr(name, DenseI64ArrayAttr::get(region.getContext(), axes));
}

void mlir::pdq::setChannelAxes(RegionOp region, ArrayRef<int64_t> inputs,
                               ArrayRef<int64_t> results) {
  setAxes(region, inputAttribute, inputs);
  setAxes(region, resultAttribute, results);
}
